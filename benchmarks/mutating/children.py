"""Processes forked from one that has imported what is slow to import, and nothing of the product.

Each child works in a copy of the project of its own, under a time limit, a memory limit and a home folder of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from benchmarks.mutating.session import Job

GIGABYTES = 8
"""Of address space that a child may take beyond what it begins with."""

WAITING = 10
"""Seconds on the clock for a second of a processor, of which others may want their share."""

LARGEST_FILE = 2**30
"""Bytes that a child may write into one file."""

PLUGINS = ("pytest", "hypothesis", "_hypothesis_pytestplugin", "xdist.plugin")

Label = TypeVar("Label")


def preload(modules: Iterable[str], packages: Iterable[str]) -> None:
    """Import other people's modules, so that every child has them; those that are not installed are left to the tests.

    Raises:
        RuntimeError: if one of them imports the product or starts a thread: forks would share the one and lose the
            other.
    """
    os.environ |= {"NO_ALBUMENTATIONS_UPDATE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name in [*PLUGINS, *modules]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    product = {name for name in sys.modules if name.partition(".")[0] in set(packages)}
    if product or threading.active_count() > 1:
        raise RuntimeError(f"forks need one thread and no product; found {threading.enumerate()}, {sorted(product)}")
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    from hypothesis import settings

    settings.register_profile("mutation", derandomize=True, max_examples=20, deadline=None, database=None)
    settings.load_profile("mutation")
    gc.freeze()


@dataclass
class Task(Generic[Label]):
    """Something for a child to do.

    Attributes:
        label: the caller's own.
        job: done in the child.
        seconds: of a processor after which the child is ended; if it waits instead, it ends after ten times as many.
        path: a file of the project that is another for this job; None: all files are as they are.
        content: of that file.
    """

    label: Label
    job: Job
    seconds: float
    path: str | None = None
    content: bytes = b""


@dataclass
class Copy:
    """A copy of the project, and what is running in it.

    Attributes:
        root: the project's folder there.
        scratch: for temporary files and results.
    """

    root: Path
    scratch: Path
    changes: int = 0
    kept: tuple[Path, bytes, int] | None = field(default=None)

    def change(self, path: str, content: bytes) -> None:
        """Replace a file's content; its time is one that it never had, so that no compiled file is taken for it."""
        file = self.root / path
        self.kept = (file, file.read_bytes(), file.stat().st_mtime_ns)
        file.write_bytes(content)
        self.changes += 1
        stamp = self.kept[2] + self.changes * 10**10
        os.utime(file, ns=(stamp, stamp))

    def restore(self) -> None:
        """Bring the file back."""
        if self.kept:
            file, content, stamp = self.kept
            file.write_bytes(content)
            os.utime(file, ns=(stamp, stamp))
            self.kept = None


def outcomes(
    tasks: Iterable[Task[Label]], copies: Iterable[Copy]
) -> Iterator[tuple[Label, dict[str, Any] | None, float]]:
    """Do tasks, one at a time in each copy; yields label, result and seconds as they end.

    The result is None where the time was up, and the end of its log, as ``died``, where the child died before that.
    """
    free, running = list(copies), dict[int, tuple[Task[Label], Copy, float]]()
    waiting = iter(tasks)
    try:
        while True:
            while free and (task := next(waiting, None)) is not None:
                copy = free.pop()
                running[_start(task, copy)] = task, copy, time.monotonic()
            if not running:
                return
            for pid in _ended(running):
                task, copy, start = running.pop(pid)
                copy.restore()
                free.append(copy)
                answer, seconds = copy.scratch / "answer.json", time.monotonic() - start
                found = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else None
                if found is None and seconds < task.seconds:  # no limit can have been reached
                    found = {"died": (copy.scratch / "log.txt").read_text(encoding="utf-8", errors="replace")[-2000:]}
                yield task.label, found, seconds
    finally:
        for pid, (_, copy, _) in running.items():
            _end(pid)
            copy.restore()


def _start(task: Task[Any], copy: Copy) -> int:
    shutil.rmtree(copy.scratch, ignore_errors=True)
    copy.scratch.mkdir(parents=True)
    if task.path:
        copy.change(task.path, task.content)
    pid = os.fork()
    if pid == 0:
        _work(task, copy)
    return pid


def _work(task: Task[Any], copy: Copy) -> None:
    """In the child: do it, leave the answer, and go without cleaning up what the parent shares."""
    try:
        os.setsid()
        log = os.open(copy.scratch / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        temporary = copy.scratch / "t"
        temporary.mkdir()
        own = {"HOME": "home", "XDG_CACHE_HOME": "home/.cache", "TORCH_HOME": "home/torch", "TMPDIR": "t"}
        for name, folder in own.items():
            (copy.scratch / folder).mkdir(parents=True, exist_ok=True)
            os.environ[name] = str(copy.scratch / folder)
        os.environ["PYTHONPATH"] = str(copy.root)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        room = pages * resource.getpagesize() + GIGABYTES * 2**30
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(task.seconds),) * 2)
        found = task.job(copy.root, copy.scratch / "p")
        partial = copy.scratch / "answer.partial"
        partial.write_text(json.dumps(found), encoding="utf-8")
        partial.rename(copy.scratch / "answer.json")
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _ended(running: dict[int, tuple[Task[Label], Copy, float]]) -> list[int]:
    """Wait until at least one child has ended or its time is up; what it started ends with it."""
    while True:
        found = []
        for pid, (task, _, start) in running.items():
            late = time.monotonic() - start > WAITING * task.seconds
            if late or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                found.append(pid)
        if found:
            for pid in found:
                _end(pid)
            return found
        time.sleep(0.02)


def _end(pid: int) -> None:
    """End a child and all of its group, which still has its number while the child is not waited for."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
