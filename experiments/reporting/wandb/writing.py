"""Writes parcels as runs of wandb, in a process of its own. This is the only file that imports wandb.

It is started as ``python writing.py FOLDER MODE`` and imports nothing of this project, so that whatever wandb does, the
process that has the results goes on. It prints a line of JSON for each parcel: ``{"id": ..., "error": ...}``, where the
error is null if the run is completely written. It ends when its standard input is closed.

As ``python writing.py FOLDER MODE live`` it reads lines of JSON instead, ``{"open": {...}}``, ``{"id": ..., "rows":
[[step, row], ...]}`` and ``{"id": ..., "end": true}``, and logs the epochs of runs that go on.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, Literal

PROJECT = "medtransfer"

SETTINGS = {
    "console": "off",
    "silent": True,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}
"""The settings with which wandb collects nothing about this machine, its packages and its user.

Only what the record says is sent. Versions of wandb that lack one of these settings are given the others.
"""


def main(folder: Path, mode: Literal["offline", "online"]) -> None:
    """Write all parcels of a folder, in the order of their names.

    Args:
        folder: the folder that holds ``parcels``, in which wandb's own folder is made.
        mode: whether wandb writes files (``offline``) or uploads (``online``).
    """
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what wandb prints goes to standard error, so that it is not read as an answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for path in sorted((folder / "parcels").glob("*.json")):
        parcel = json.loads(path.read_text(encoding="utf-8"))
        error = None
        try:
            _write(parcel, folder, mode)
        except BaseException as problem:  # wandb documents no common class of its errors, and raises SystemExit too
            text = str(problem).strip().splitlines()
            error = f"{type(problem).__name__}: {text[0]}" if text else type(problem).__name__
        print(json.dumps({"id": parcel["id"], "error": error}), file=said, flush=True)
        if error is not None and mode == "online":
            break  # each further parcel would wait for the same server
    said.close()
    _tear_down()
    os._exit(0)


def follow(folder: Path, mode: Literal["offline", "online"]) -> None:
    """Log the epochs of runs that go on, as lines on standard input say, until it is closed.

    Runs that did not end by then are left unfinished: a later command goes on with them under the same id.

    Args:
        folder: the folder in which wandb's own folder is made.
        mode: whether wandb writes files (``offline``) or uploads (``online``).
    """
    runs: dict[str, Any] = {}
    for line in sys.stdin:
        told = json.loads(line)
        if "open" in told:
            runs[told["open"]["id"]] = _opened(told["open"], folder, mode)
        elif "rows" in told:
            for step, row in told["rows"]:
                runs[told["id"]].log(row, step=step)
        else:
            runs.pop(told["id"]).finish()
    _tear_down()
    os._exit(0)


def _opened(parcel: dict[str, Any], folder: Path, mode: Literal["offline", "online"]) -> Any:
    """A run of wandb; online it goes on with the run of the same id, if there is one, and logs no step again."""
    import wandb

    known = wandb.Settings.model_fields
    return wandb.init(
        project=PROJECT,
        id=parcel["id"],
        name=parcel["name"],
        group=parcel["group"],
        job_type=parcel["job_type"],
        tags=parcel["tags"],
        config=parcel["config"],
        dir=str(folder),
        mode=mode,
        settings={name: value for name, value in SETTINGS.items() if name in known},
        reinit="create_new",
        resume="allow" if mode == "online" else None,
    )


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _tear_down() -> None:
    """End wandb's service, for which the starting process waits for a limited time only."""
    import wandb

    wandb.teardown()


def _write(parcel: dict[str, Any], folder: Path, mode: Literal["offline", "online"]) -> None:
    import wandb

    with _opened(parcel, folder, mode) as run:
        # A run that was followed has its epochs already: wandb leaves out steps that a resumed run is past.
        resumed = bool(getattr(run, "resumed", False))
        for step, row in parcel["history"]:
            run.log(row, step=step)
        run.summary.update(parcel["summary"])
        for name, (step, columns, rows) in parcel["tables"].items():
            table = wandb.Table(columns=columns, data=rows)
            # A table that is bound to the run before it is logged is a file of the run. One that is not bound becomes
            # an artifact, too: a copy elsewhere, whose path on this machine is written into the run.
            at = None if resumed else step
            table.bind_to_run(run, name, run.step if resumed else step)  # type: ignore[no-untyped-call]
            run.log({name: table}, step=at)
        for name, path in parcel["pictures"].items():
            run.log({name: wandb.Image(str(folder / "parcels" / path))})


if __name__ == "__main__":
    asked: Literal["offline", "online"] = "online" if sys.argv[2] == "online" else "offline"
    (follow if sys.argv[3:] == ["live"] else main)(Path(sys.argv[1]), asked)
