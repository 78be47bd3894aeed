"""Runs on this machine: a fresh process for each, from a server that has imported everything once.

A forkserver (https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods) imports torch and
Lightning but runs no operation, so that forking it is safe and takes milliseconds. A worker ends by itself when
the planner's end of its pipe closes, so none outlives a killed planner.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from experiments.executor import Finished, Progress
from experiments.places import Places
from experiments.resolve import ResolvedRun
from experiments.store import RunStore


class LocalExecutor:
    """Up to ``jobs`` runs at a time, each in a fresh process.

    Args:
        places: where data and runs are.
        jobs: how many runs go on at the same time.
        workers: threads of each run that load data.
        devices: that share each run.
    """

    def __init__(self, places: Places, jobs: int, workers: int = 0, devices: int = 1) -> None:
        self.places, self.jobs, self.workers, self.devices = places, jobs, workers, devices
        self._running: dict[Connection, tuple[str, BaseProcess]] = {}
        self._context = fresh_processes()

    @property
    def free(self) -> int:
        """How many more runs it would start at once."""
        return self.jobs - len(self._running)

    def submit(self, run: ResolvedRun) -> None:
        """Start a run in a process of its own."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work,
            args=(run.spec.to_json(), run.key, self.places, self.workers, self.devices, theirs),
            daemon=False,
        )
        process.start()
        theirs.close()
        self._running[ours] = run.key, process

    def events(self) -> Iterator[Progress | Finished]:
        """What has happened; waits until something has."""
        for pipe in wait(list(self._running)):
            assert isinstance(pipe, Connection)
            key, process = self._running[pipe]
            try:
                message = pipe.recv()
            except EOFError:
                process.join()
                del self._running[pipe]
                pipe.close()
                yield self._lost(key, process.exitcode)
                continue
            if isinstance(message, Finished):
                process.join()
                del self._running[pipe]
                pipe.close()
            yield message

    def _lost(self, key: str, exit_code: int | None) -> Finished:
        if RunStore(self.places.runs).record(key) is not None:
            return Finished(key)
        how = f"signal {signal.Signals(-exit_code).name}" if exit_code and exit_code < 0 else f"status {exit_code}"
        remedy = " (out of memory? Try fewer --jobs)" if exit_code == -signal.SIGKILL else ""
        return Finished(key, f"its process ended with {how}{remedy}; run the command again to go on", 5)

    def close(self) -> None:
        """End the runs that are still going on; they can go on later from their checkpoints."""
        for pipe, (_, process) in self._running.items():
            process.terminate()
            process.join()
            pipe.close()
        self._running.clear()


def fresh_processes() -> ForkServerContext | SpawnContext:
    """What starts processes that hold nothing of this one but the imports of a worker."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["experiments.worker"])
        return context
    return multiprocessing.get_context("spawn")


def _work(spec: dict[str, Any], key: str, places: Places, workers: int, devices: int, pipe: Connection) -> None:
    if hasattr(os, "setpgid"):  # Ctrl-C reaches the planner alone, which ends its workers
        os.setpgid(0, 0)
    from experiments.worker import work

    work(spec, key, places, workers, devices, pipe)
