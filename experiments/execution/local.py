"""Runs on this machine, in worker processes started by a server process that has imported everything once.

On CPU cores each run has a fresh process. Where there are GPUs, a process keeps its GPUs and the CUDA context on them
from run to run, until a run fails. A worker ends by itself when the planner's end of its lifeline (a pipe) closes, so
no worker outlives a killed planner.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from experiments.execution.executor import Conditions, Job
from experiments.execution.planner_notes import failure_of
from experiments.run.machine.processes import end_with, fresh_processes, how_it_ended, leave_group, name_of
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from specs.errors import RunError, UsageError


@dataclass
class _Worker:
    """A worker process, which does runs one after the other; ``key`` is of the run in progress, None if it is idle."""

    process: BaseProcess
    pipe: Connection
    lifeline: Connection
    gpus: tuple[str, ...]
    key: str | None = None


class LocalDispatcher:
    """Carries out a planner's runs on this machine, each in a process, several at the same time.

    Args:
        conditions: how the runs are carried out. If it states no number of jobs, there is one process per set of
            ``devices`` GPUs, or without GPUs one per ``devices`` CPU cores.
        cores: the number of CPU cores that this process may use.
        gpus: the GPUs of this machine, by the names that ``CUDA_VISIBLE_DEVICES`` takes; empty trains on the CPU.

    Raises:
        UsageError: if there are fewer GPUs than the devices of one run.
    """

    queues = False

    def __init__(self, conditions: Conditions, cores: int, gpus: Sequence[str] = ()) -> None:
        self.conditions = conditions
        if gpus and conditions.devices > len(gpus):
            raise UsageError(
                f"{conditions.devices} devices are asked for on this machine, which has {len(gpus)} GPU(s). Use fewer."
            )
        each = conditions.devices
        sets = [tuple(gpus[start : start + each]) for start in range(0, len(gpus) - each + 1, each)]
        self.jobs = min(conditions.jobs or len(sets), len(sets)) if gpus else conditions.jobs or max(1, cores // each)
        self._gpus = sets[: self.jobs] if gpus else [()] * self.jobs
        self._workers: list[_Worker] = []
        self._left: list[BaseProcess] = []
        self._context = fresh_processes()

    @property
    def free(self) -> int:
        """How many more runs it would start at once."""
        return self.jobs - sum(worker.key is not None for worker in self._workers)

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        """Start runs, each in an idle process or a new one."""
        jobs = {}
        for idle in [worker for worker in self._workers if worker.key is None and not worker.process.is_alive()]:
            self._leave(idle)
        for run in runs:
            worker = next((idle for idle in self._workers if idle.key is None), None) or self._start()
            worker.key = run.key
            with suppress(BrokenPipeError, ConnectionResetError):  # it has ended already: `events` says how
                worker.pipe.send((run.spec.to_json(), run.key))
            assert worker.process.pid is not None
            jobs[run.key] = Job(name_of(worker.process.pid))
        return jobs

    def _start(self) -> _Worker:
        """Start a new process, with GPUs that no other process has."""
        free = list(self._gpus)
        for other in self._workers:
            free.remove(other.gpus)
        ours, theirs = self._context.Pipe()
        held, watched = self._context.Pipe()
        process = self._context.Process(target=_work, args=(self.conditions, free[0], theirs, watched), daemon=False)
        process.start()
        theirs.close()
        watched.close()
        worker = _Worker(process, ours, held, free[0])
        self._workers.append(worker)
        return worker

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        """Wait for news of the runs, for at most ``patience`` seconds, and give what has happened."""
        for pipe in wait([worker.pipe for worker in self._workers], patience):
            worker = next(worker for worker in self._workers if worker.pipe is pipe)
            key = worker.key
            try:
                message = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                worker.process.join()
                self._leave(worker)
                if key is not None:
                    yield self._lost(key, worker.process.exitcode)
                continue
            if isinstance(message, Finished):
                worker.key = None
                if not worker.gpus or message.error is not None:  # a failure may have left a GPU's context unusable
                    self._leave(worker)
            yield message

    def _leave(self, worker: _Worker) -> None:
        """Let a process end by closing its lifeline; it ends at once, without Python's cleanup."""
        worker.lifeline.close()
        worker.pipe.close()
        self._workers.remove(worker)
        self._left.append(worker.process)

    def _lost(self, key: str, exit_code: int | None) -> Finished:
        if RunStore(self.conditions.paths.runs).record(key) is not None:
            return Finished(key)
        if cancelled := failure_of(self.conditions.notes, key):
            return cancelled
        remedy = " (out of memory? Try fewer --jobs)" if exit_code == -signal.SIGKILL else ""
        error = f"its process ended with {how_it_ended(exit_code)}{remedy}; run the command again to go on"
        return Finished(key, error, RunError.exit_status)

    def close(self) -> None:
        """End the runs in progress; they can go on later from their checkpoints."""
        for worker in list(self._workers):
            self._leave(worker)
        for process in self._left:
            process.join()


def _work(conditions: Conditions, gpus: tuple[str, ...], pipe: Connection, lifeline: Connection) -> None:
    leave_group()  # the planner ends its workers
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    from experiments.execution.worker import serve
    from experiments.run.listed import list_anew

    list_anew()

    if gpus:  # CUDA reads the variable when it starts, and later runs in this process may be deterministic
        from experiments.run.determinism import VARIABLE, WORKSPACE

        os.environ.setdefault(VARIABLE, WORKSPACE)

    threading.Thread(target=end_with, args=(lifeline,), daemon=True).start()
    serve(conditions, pipe)
