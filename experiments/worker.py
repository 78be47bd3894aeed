"""What a worker process does: one run, its output in the attempt's log, its progress through the planner's pipe."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from experiments.executor import Finished, Progress
from experiments.memory import keep_freed_memory
from experiments.places import Places
from experiments.resolve import Resolver
from experiments.runner import attempt_run
from experiments.store import RunStore
from specs.errors import MedtransferError
from specs.run import RunSpec

# pyarrow imports pandas, where there is one, at its first conversion, and every run would pay for it anew.
with contextlib.suppress(ImportError):
    import pandas  # type: ignore[import-untyped]  # noqa: F401


def work(spec: dict[str, Any], key: str, places: Places, workers: int, devices: int, pipe: Connection) -> None:
    """Carry out one run and say how it ended.

    Args:
        spec: the run spec as plain data.
        key: that the planner resolved it to.
        places: where data and runs are.
        workers: threads that load data.
        devices: that share the run.
        pipe: to the planner; when its other end closes, this process ends.
    """
    threading.Thread(target=end_with, args=(pipe,), daemon=True).start()
    keep_freed_memory()
    store = RunStore(places.runs)
    attempt = store.begin(key)
    log = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    warnings.simplefilter("default")
    try:
        resolved = Resolver(places, devices).resolve(RunSpec.from_json(spec))
        if resolved.key != key:
            raise MedtransferError(
                f"the run {key[:12]} became {resolved.key[:12]} between planning and starting: its data or weight "
                "files changed. Run the command again."
            )
        attempt_run(
            resolved,
            attempt,
            places,
            workers=workers,
            report=lambda epoch, of: pipe.send(Progress(key, epoch, of)),
            devices=devices,
        )
    except Exception as error:
        traceback.print_exc()
        finished = failed(key, error, attempt.log)
        attempt.fail(str(finished.error))
        pipe.send(finished)
    else:
        pipe.send(Finished(key))


def failed(key: str, error: Exception, log: Path) -> Finished:
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
