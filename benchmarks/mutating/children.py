"""Child processes, forked from a process that has imported slow third-party modules but nothing of the product.

Each child works in its own copy of the project, with limits of time and memory and a home folder of its own.
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
"""The gigabytes of address space that a child may take beyond what it begins with."""

WAITING = 10
"""The largest wall-clock time of a child per processor time, since other programs may use the processors too."""

LARGEST_FILE = 2**30
"""The largest number of bytes that a child may write into one file."""

PLUGINS = ("pytest", "hypothesis", "_hypothesis_pytestplugin", "xdist.plugin")

Label = TypeVar("Label")


def preload(modules: Iterable[str], packages: Iterable[str]) -> None:
    """Import third-party modules, so that every child has them; the tests deal with those that are not installed.

    Raises:
        RuntimeError: if a module imports the product, which forks would share, or starts a thread, which they would
            lose.
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
    """A task for a child.

    Attributes:
        label: the caller's own label of the task.
        job: the function that the child calls.
        seconds: the processor time in seconds after which the child is ended; if it waits instead, it ends after ten
            times as many seconds of wall-clock time.
        path: a file of the project that is changed for this task; None: all files are as they are.
        content: the changed content of that file.
    """

    label: Label
    job: Job
    seconds: float
    path: str | None = None
    content: bytes = b""


@dataclass
class Copy:
    """A copy of the project that one child at a time works in.

    Attributes:
        root: the project's folder in the copy.
        scratch: the folder for temporary files and results.
        changes: how many times a file was replaced so far.
        kept: the file that is replaced now, its own content, and its time of change in nanoseconds; None if none is.
    """

    root: Path
    scratch: Path
    changes: int = 0
    kept: tuple[Path, bytes, int] | None = field(default=None)

    def change(self, path: str, content: bytes) -> None:
        """Replace a file's content, and give it a new time of change, so that no compiled file is mistaken for it."""
        file = self.root / path
        self.kept = (file, file.read_bytes(), file.stat().st_mtime_ns)
        file.write_bytes(content)
        self.changes += 1
        stamp = self.kept[2] + self.changes * 10**10
        os.utime(file, ns=(stamp, stamp))

    def restore(self) -> None:
        """Restore the file that was changed."""
        if self.kept:
            file, content, stamp = self.kept
            file.write_bytes(content)
            os.utime(file, ns=(stamp, stamp))
            self.kept = None


def outcomes(
    tasks: Iterable[Task[Label]], copies: Iterable[Copy]
) -> Iterator[tuple[Label, dict[str, Any] | None, float]]:
    """Do tasks, one at a time in each copy, and yield the label, result and seconds of each as it ends.

    The result is None where the time was up. Where the child died before, it is the end of the child's log, as
    ``died``.
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
                result = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else None
                if result is None and seconds < task.seconds:  # no limit can have been reached
                    result = {"died": (copy.scratch / "log.txt").read_text(encoding="utf-8", errors="replace")[-2000:]}
                yield task.label, result, seconds
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
    """Do the task in the child, write the answer, and exit without cleaning up what the parent shares."""
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
        result = task.job(copy.root, copy.scratch / "p")
        partial = copy.scratch / "answer.partial"
        partial.write_text(json.dumps(result), encoding="utf-8")
        partial.rename(copy.scratch / "answer.json")
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _ended(running: dict[int, tuple[Task[Label], Copy, float]]) -> list[int]:
    """Wait until at least one child has ended or its time is up, and end it with all processes that it started."""
    while True:
        ended = []
        for pid, (task, _, start) in running.items():
            late = time.monotonic() - start > WAITING * task.seconds
            if late or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                ended.append(pid)
        if ended:
            for pid in ended:
                _end(pid)
            return ended
        time.sleep(0.02)


def _end(pid: int) -> None:
    """End a child and its process group, whose number stays valid as long as the child is not waited for."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
