"""Starting processes, naming them uniquely, and ending them."""

from __future__ import annotations

import os
import signal
import socket
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from specs.isolation import processes


def fresh_processes() -> ForkServerContext | SpawnContext:
    """The context that starts fresh processes, which share nothing with this one but the imports that every run needs.

    A forkserver (https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods) imports torch and
    Lightning but runs no operation, so that forking it is safe and takes milliseconds.
    """
    return processes(["experiments.run.preloaded"])


def leave_group() -> None:
    """Leave the parent's process group, so that Ctrl-C reaches only the parent, which then ends its children."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


def end_with(pipe: Connection) -> None:
    """End this process at once when the process at the other end of a pipe, which never sends anything, is gone."""
    try:
        pipe.poll(None)
    finally:
        os._exit(1)


def how_it_ended(exit_code: int | None) -> str:
    """An exit code of ``multiprocessing`` in words: a signal's name, or the status."""
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"status {exit_code or 0}"


def name_of(pid: int) -> str:
    """The name of a process of this machine: host, number and, on Linux, the time of its start in ticks since boot.

    The name stays unique when the system gives the number to another process later.
    """
    return f"{socket.gethostname()} {pid} {_started(pid) or ''}".strip()


def alive(name: str) -> bool | None:
    """Whether the process with a name (see ``name_of``) still runs; None if it is on another machine."""
    host, pid, *started = name.split(" ")
    if host != socket.gethostname():
        return None
    now = _started(int(pid))
    if started:
        return now == started[0]
    if now is not None or _started(os.getpid()) is not None:
        return now is not None
    try:  # not Linux
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(name: str, how: signal.Signals) -> None:
    """Send a signal to the process with a name (see ``name_of``), if it still runs on this machine."""
    if alive(name):
        os.kill(int(name.split(" ")[1]), how)


def _started(pid: int) -> str | None:
    """The start of a process in ticks since boot (field 22 of /proc/PID/stat); None if it has ended or never was.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the second field, a name in parentheses, may hold anything
    return None if fields[0] in ("Z", "X") else fields[19]
