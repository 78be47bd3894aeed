"""Starting processes, telling one from every other, and ending them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path


def fresh_processes() -> ForkServerContext | SpawnContext:
    """What starts processes that hold nothing of this one but the imports that every run needs.

    A forkserver (https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods) imports torch and
    Lightning but runs no operation, so that forking it is safe and takes milliseconds.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["experiments.run.preloaded"])
        return context
    return multiprocessing.get_context("spawn")


def leave_group() -> None:
    """Take this process out of its parent's group, so that Ctrl-C reaches the parent alone, which ends its children."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


def end_with(pipe: Connection) -> None:
    """End this process at once when the one at the other end of a pipe, which never sends anything, is gone."""
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
    """A process of this machine by host, number and, on Linux, the time of its start in ticks since boot.

    No other process has this name, on this machine or later, when its number may be another's.
    """
    return f"{socket.gethostname()} {pid} {_started(pid) or ''}".strip()


def alive(name: str) -> bool | None:
    """Whether the process of a name goes on; None if it is on another machine."""
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
    """Send a signal to the process of a name, if it goes on here."""
    if alive(name):
        os.kill(int(name.split(" ")[1]), how)


def _started(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat; None if there is no such process, or only its exit status is left of it.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the second field, a name in parentheses, may hold anything
    return None if fields[0] in ("Z", "X") else fields[19]
