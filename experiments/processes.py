"""Telling a process from every other one, on this machine and later, when its number may be another's."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path


def name_of(pid: int) -> str:
    """A process of this machine by host, number and, on Linux, the time of its start in ticks since boot."""
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
