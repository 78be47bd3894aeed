"""The processes that a test's program has started, whoever started them."""

from __future__ import annotations

import os
import subprocess
import time


def parents() -> dict[int, int]:
    """The parent of each process that is not waiting to be buried."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    found = (line.split() for line in listed.splitlines())
    return {int(pid): int(parent) for pid, parent, state in found if not state.startswith("Z")}


def descendants(of: int) -> list[int]:
    """All that a process has started, and what they have."""
    every = parents()

    def generation(pid: int) -> int | None:
        number = 0
        while pid != of:
            if pid not in every:
                return None
            pid, number = every[pid], number + 1
        return number

    return [pid for pid in every if generation(pid)]


def workers(of: int | None = None) -> list[int]:
    """The processes that the servers of a process (of this one by default) have forked."""
    every = parents()
    return [pid for pid, parent in every.items() if every.get(parent) == (of or os.getpid())]


def gone(pids: list[int]) -> bool:
    """Whether processes end within some seconds."""
    end = time.monotonic() + 20
    while set(pids) & parents().keys():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
