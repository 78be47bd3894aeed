"""What a worker process does: runs. Output goes to each attempt's log, progress through a pipe to the planner."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from experiments.execution.executor import Conditions
from experiments.run.machine.memory import keep_freed_memory
from experiments.run.progress import Finished, Progress, failed
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.run_log import log_to_output
from experiments.run.runner import attempt_run
from experiments.run.store import Attempt, RunStore
from specs.errors import RunError, StorageError
from specs.files import filling
from specs.run import RunSpec


def serve(conditions: Conditions, pipe: Connection) -> None:
    """Carry out the runs that the planner sends, until it closes its end of the pipe."""
    keep_freed_memory()
    while True:
        try:
            spec, key = pipe.recv()
        except EOFError:
            return
        work(spec, key, conditions, pipe)


def work(spec: dict[str, Any], key: str, conditions: Conditions, pipe: Connection) -> None:
    """Carry out one run and tell the planner how it ended.

    Args:
        spec: the run spec as plain data.
        key: the key that the planner computed for the run.
        conditions: how the planner's runs are carried out.
        pipe: the connection to the planner, which takes ``Progress`` and at the end ``Finished``.
    """
    warnings.simplefilter("default")
    paths = conditions.paths
    store = RunStore(paths.runs)
    attempt: Attempt | None = None
    try:
        with filling(paths.runs):
            attempt = store.begin(key)
            log = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        log_to_output()
        resolver = Resolver(paths, conditions.devices)
        attempt_run(
            planned(spec, key, resolver),
            attempt,
            resolver,
            workers=conditions.workers,
            report=lambda epoch, epochs: pipe.send(Progress(key, epoch, epochs)),
        )
    except Exception as error:
        finished = failed(key, error, attempt.log if attempt else None)
        with suppress(OSError, StorageError):  # the error itself may be that nothing can be written
            if attempt:
                attempt.fail(str(finished.error))
            traceback.print_exc()
    else:
        finished = Finished(key)
    with suppress(OSError):  # as above; flush now, since the planner may end this process once it has ``finished``
        sys.stdout.flush()
        sys.stderr.flush()
    pipe.send(finished)


def planned(spec: dict[str, Any], key: str, resolver: Resolver) -> ResolvedRun:
    """Resolve a planned run once more in this process, and wait until the records of required runs are seen here.

    Args:
        spec: the run spec as plain data.
        key: the key that the planner computed for the run.
        resolver: the resolver of this process, which opens the run's dataset once.

    Raises:
        MedtransferError: if the run's key is another one by now, or a required run's record is not seen in time.
    """
    resolved = resolver.resolve(RunSpec.from_json(spec))
    if resolved.key != key:
        raise RunError(
            f"the run {key[:12]} became {resolved.key[:12]} between planning and starting: its data, weight files "
            "or plugins changed. Run the command again."
        )
    for need in resolved.requires:
        RunStore(resolver.paths.runs).published(need.key)  # the planner, perhaps elsewhere, has seen the record
    return resolved
