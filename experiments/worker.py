"""What a worker process does: runs, their output in the attempts' logs, their progress through the planner's pipe."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from experiments.executor import Conditions, Finished, Progress
from experiments.memory import keep_freed_memory
from experiments.resolve import ResolvedRun, Resolver
from experiments.runner import attempt_run
from experiments.store import RunStore
from specs.errors import MedtransferError
from specs.run import RunSpec


def serve(conditions: Conditions, pipe: Connection) -> None:
    """Carry out the runs that the planner sends, until it closes its end."""
    keep_freed_memory()
    while True:
        try:
            spec, key = pipe.recv()
        except EOFError:
            return
        work(spec, key, conditions, pipe)


def work(spec: dict[str, Any], key: str, conditions: Conditions, pipe: Connection) -> None:
    """Carry out one run and say how it ended.

    Args:
        spec: the run spec as plain data.
        key: that the planner resolved it to.
        conditions: of the planner's runs.
        pipe: to the planner.
    """
    places = conditions.places
    store = RunStore(places.runs)
    attempt = store.begin(key)
    log = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    warnings.simplefilter("default")
    try:
        attempt_run(
            planned(spec, key, conditions),
            attempt,
            places,
            workers=conditions.workers,
            report=lambda epoch, of: pipe.send(Progress(key, epoch, of)),
            devices=conditions.devices,
        )
    except Exception as error:
        traceback.print_exc()
        finished = failed(key, error, attempt.log)
        attempt.fail(str(finished.error))
    else:
        finished = Finished(key)
    sys.stdout.flush()  # the planner may end this process as soon as it knows
    sys.stderr.flush()
    pipe.send(finished)


def planned(spec: dict[str, Any], key: str, conditions: Conditions) -> ResolvedRun:
    """The run that a planner meant.

    Raises:
        MedtransferError: if it is another one by now.
    """
    resolved = Resolver(conditions.places, conditions.devices).resolve(RunSpec.from_json(spec))
    if resolved.key != key:
        raise MedtransferError(
            f"the run {key[:12]} became {resolved.key[:12]} between planning and starting: its data or weight files "
            "changed. Run the command again."
        )
    return resolved


def failed(key: str, error: Exception, log: Path | None = None) -> Finished:
    """How a run ended in an error."""
    if isinstance(error, MedtransferError):
        return Finished(key, str(error), error.exit_status, log)
    return Finished(key, f"{type(error).__name__}: {error}", 5, log)


def end_with(pipe: Connection) -> None:
    """End the process at once when the planner is gone; the planner itself never sends anything."""
    try:
        pipe.poll(None)
    finally:
        os._exit(1)
