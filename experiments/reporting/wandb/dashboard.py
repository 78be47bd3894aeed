"""wandb mirrors records; nothing is ever read back from it. The only file that imports wandb.

Offline is the default: no account and no network are needed, and `wandb sync` uploads what was written later.
Patient images, paths and ids are never sent.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from experiments.reporting.drawings.drawings import drawings
from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.formats.plain import to_plain
from experiments.run.naming import metric_prefix, public, public_spec, run_title
from experiments.run.run_facts import epochs_to_converge, metrics, public_load_report, validation_scores
from experiments.run.store import Record
from experiments.tables.document import TableDocument
from specs.expression import parse
from specs.files import write_text
from specs.run import RunSpec, digest

Mode = Literal["offline", "online", "disabled"]

PROJECT = "medtransfer"

FACTS = ("dataset", "initializer", "backbone", "edition", "seed", "fold")
"""Of a run's spec, to filter and group by, where the spec has them."""

TAG_LENGTH = 64
"""Characters at most (https://docs.wandb.ai/guides/runs/tags)."""

PREDICTIONS = 10_000
"""Rows of a table that wandb shows (https://docs.wandb.ai/guides/tables)."""

SETTINGS = {"console": "off", "x_disable_stats": True, "x_disable_meta": True, "silent": True}
"""Nothing about this machine beyond what the record says."""


def mirror_runs(records: Iterable[Record], group: str, folder: Path, mode: Mode) -> int:
    """Write each record that is not mirrored yet as a wandb run.

    Args:
        records: of finished runs.
        group: such as the table's name.
        folder: wandb's files go there, and a note for each record that was mirrored.
        mode: ``offline`` writes files, ``online`` uploads, ``disabled`` does nothing.

    Returns:
        The number of runs that were written.
    """
    if mode == "disabled":
        return 0
    _prepare(folder)
    notes = folder / f"mirrored-{mode}"
    written = 0
    for record in records:
        note = notes / record.data["key"]
        if not note.exists():
            _run(record, group, folder, mode)
            write_text(note, "")
            written += 1
    return written


def mirror_table(document: TableDocument, folder: Path, mode: Mode) -> None:
    """Write a finished table, with its statistics, as a wandb run of its own, unless this very table was written."""
    note = folder / f"mirrored-{mode}" / f"{document.name}-{digest(to_plain(document))[:12]}"
    if mode == "disabled" or note.exists():
        return
    _prepare(folder)
    _table(document, folder, mode)
    write_text(note, "")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("WANDB_SILENT", "true")


def _run(record: Record, group: str, folder: Path, mode: Mode) -> None:
    import wandb

    data = record.data
    spec = RunSpec.from_json(data["spec"])
    told, prefix = public_spec(spec), metric_prefix(spec.dataset)
    facts = {name: told[name] for name in FACTS if name in told}
    with wandb.init(
        project=PROJECT,
        id=data["key"][:32],
        name=run_title(spec, public),
        group=group,
        job_type=spec.stage,
        tags=[str(tag)[:TAG_LENGTH] for tag in (spec.edition, prefix, parse(told["backbone"]).name)],
        config=facts
        | {"spec": told, "key": data["key"], "environment": data["environment"], "loading": public_load_report(record)},
        dir=str(folder),
        mode=mode,
        settings=SETTINGS,
    ) as run:
        for logged in metrics(record):
            row = {name: value for name, value in logged.items() if value is not None}
            epoch, step = row.pop("epoch"), row.pop("step")
            run.log(
                {"epoch": epoch, "step": step} | {f"{prefix}/{name}": value for name, value in row.items()}, step=epoch
            )
        scores = data["outcome"]["scores"] | {
            "score": data["score"],
            "epochs_to_95_percent": epochs_to_converge(validation_scores(record)),
            "seconds": data["seconds"],
        }
        run.summary.update({f"{prefix}/{name}": value for name, value in scores.items() if value is not None})
        if spec.stage != "pretrain":
            path = record.file("predictions.parquet")
            run.log({f"{prefix}/predictions": _predictions(path)}, step=data["epochs"])


def _predictions(path: Path) -> Any:
    """The predictions without whose they are; of more than wandb shows, as many, evenly spread."""
    import pyarrow.parquet as pq
    import wandb

    table = pq.read_table(path).drop_columns(["id"])
    every = -(-len(table) // PREDICTIONS)
    rows = zip(*(column.to_pylist()[::every] for column in table.columns), strict=True)
    return wandb.Table(columns=list(table.column_names), data=[list(row) for row in rows])


def _table(document: TableDocument, folder: Path, mode: Mode) -> None:
    import wandb
    from PIL import Image

    with wandb.init(
        project=PROJECT,
        name=f"table {document.name}",
        group=document.name,
        job_type="table",
        tags=[document.edition, document.protocol],
        dir=str(folder),
        mode=mode,
        settings=SETTINGS,
    ) as run:
        columns: list[str | int] = ["row", "column", "n", "mean", "std", "p_holm", "mark"]
        rows = [
            [row, column, of.summary.n, of.summary.mean, of.summary.std, of.p_holm, of.mark]
            for (row, column), of in document.comparison.cells.items()
        ]
        run.log({"table": wandb.Table(columns=columns, data=rows)})
        for ending, drawing in drawings(document).items():
            picture = Image.open(io.BytesIO(drawn(drawing, "png")))
            run.log({f"figure{ending}": wandb.Image(picture)})
