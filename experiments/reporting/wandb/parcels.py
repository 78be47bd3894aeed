"""All that is sent to wandb of a run or a table, as plain data: nothing that is not in a parcel is sent.

No parcel holds patient images, paths, ids or the names of a user's folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.formats.files import drawings_of
from experiments.reporting.formats.json_format import to_plain
from experiments.run.public_names import metric_prefix, public, public_spec, run_title
from experiments.run.record_views import epochs_to_converge, metrics, public_load_report, validation_scores
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.document import TableDocument
from specs.expression import parse
from specs.run import RunSpec, digest
from specs.short_names import LABEL, TITLE, short_name

FACTS = ("dataset", "initializer", "backbone", "edition", "seed", "fold")
"""The fields of a run's spec that people filter and group by in wandb, where the spec has them."""

CURVE = "validation_metric"
"""The name of the metric whose curve a table's workspace shows for each dataset."""

ROWS = 10_000
"""The largest number of rows of a table that wandb shows (https://docs.wandb.ai/guides/tables)."""

ID = 32
"""The length of an id in wandb: the first characters of a run's key or a table's digest, so that it never changes."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The contents of one run in wandb, which stands for a run or a table of this project.

    Attributes:
        name: the name that people read.
        group: the name of the group of runs that it belongs to, such as the table's name.
        job_type: the stage of the run, such as ``finetune``, or ``table``.
        tags: the tags that people filter by.
        date: the date of the run as ``YYYY-MM-DD``; empty where it was not recorded.
        config: the settings of the run, as plain data.
        history: the numbers that were logged by name, each time with the step, which rises.
        summary: the final numbers by name.
        tables: the step, the names of the columns and the rows of each table, by the table's name.
        pictures: the contents of PNG files, by the picture's name.
    """

    name: str
    group: str
    job_type: str
    tags: tuple[str, ...]
    date: str
    config: dict[str, Any] = field(default_factory=dict)
    history: tuple[tuple[int, dict[str, Any]], ...] = ()
    summary: dict[str, float] = field(default_factory=dict)
    tables: dict[str, tuple[int, list[str], list[list[Any]]]] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Parcel:
    """A run or a table that is sent to wandb once.

    Attributes:
        note: the name of the file that notes that the parcel was sent.
        id: the id of the run in wandb.
        contents: a function that makes the contents when they are sent.
    """

    note: str
    id: str
    contents: Callable[[], Contents]


def of_runs(records: Iterable[Record], group: str) -> Iterator[Parcel]:
    """The parcels of finished runs, one for each.

    Args:
        records: the records of the runs.
        group: the name of the group in wandb, such as the table's name.
    """
    for record in records:
        key: str = record.data["key"]
        yield Parcel(key, key[:ID], partial(_run, record, group))


def of_table(document: TableDocument) -> Parcel:
    """The parcel of a finished table with its statistics; a table with any other number is another parcel."""
    note = f"table-{digest(to_plain(document))}"[:ID]
    return Parcel(note, note, partial(_table, document))


def opening(key: str, spec: RunSpec, group: str) -> dict[str, Any]:
    """What is sent of a run before it has finished, as plain data: names, and settings as far as they are known.

    Args:
        key: the key of the run.
        spec: the spec of the run.
        group: the name of the group in wandb, such as the table's name; empty: it is not known yet.
    """
    told = public_spec(spec)
    tags = (spec.edition, metric_prefix(spec.dataset), parse(told["backbone"]).name)
    return {
        "id": key[:ID],
        "name": short_name(run_title(spec, public), TITLE),
        "group": short_name(group, TITLE) if group else None,
        "job_type": spec.stage,
        "tags": tuple(short_name(tag, LABEL) for tag in tags),
        "config": {name: told[name] for name in FACTS if name in told} | {"spec": told, "key": key},
    }


def history_of(spec: RunSpec, rows: Iterable[dict[str, Any]]) -> tuple[tuple[int, dict[str, Any]], ...]:
    """The epochs of a run with their numbers, under the names that charts use; undefined values are left out.

    A metric has the same name for all datasets, so that charts overlay them. The curve that a table's workspace shows
    in the dataset's own section is there a second time, behind the dataset's name.
    """
    prefix = metric_prefix(spec.dataset)
    return tuple(_logged(prefix, row) for row in rows)


def _run(record: Record, group: str) -> Contents:
    data = record.data
    spec = RunSpec.from_json(data["spec"])
    start, prefix = opening(data["key"], spec, group), metric_prefix(spec.dataset)
    scores = data["outcome"]["scores"] | {
        "score": data["score"],
        "epochs_to_95_percent": epochs_to_converge(validation_scores(record)),
        "seconds": data["seconds"],
    }
    defined = {short_name(name, TITLE): value for name, value in scores.items() if value is not None}
    tables = {}
    if spec.stage != "pretrain":
        tables["predictions"] = (data["epochs"], *_predictions(record.file(PREDICTIONS)))
    return Contents(
        **{name: start[name] for name in ("name", "group", "job_type", "tags")},
        date=data["environment"].get("date", ""),
        config=start["config"] | {"environment": data["environment"], "loading": public_load_report(record)},
        history=history_of(spec, metrics(record)),
        summary=defined | {f"{prefix}/{name}": value for name, value in defined.items()},
        tables=tables,
    )


def _logged(prefix: str, logged: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    row = {name: value for name, value in logged.items() if value is not None}
    epoch, step = row.pop("epoch"), row.pop("step")
    own = {f"{prefix}/{CURVE}": row[CURVE]} if CURVE in row else {}
    return epoch, {"epoch": epoch, "step": step} | {short_name(name, TITLE): value for name, value in row.items()} | own


def _predictions(path: Path) -> tuple[list[str], list[list[Any]]]:
    """The names of columns and the rows of a run's predictions, without the images' ids.

    Of more rows than wandb shows, evenly spread ones are taken.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(path).drop_columns(["id"])
    every = max(1, -(-len(table) // ROWS))
    rows = zip(*(column.to_pylist()[::every] for column in table.columns), strict=True)
    return list(table.column_names), [list(row) for row in rows]


def _table(document: TableDocument) -> Contents:
    rows: list[list[Any]] = [
        [row, column, of.summary.n, of.summary.mean, of.summary.std, of.p_holm, of.mark]
        for (row, column), of in document.comparison.cells.items()
    ]
    return Contents(
        name=short_name(f"table {document.name}", TITLE),
        group=short_name(document.name, TITLE),
        job_type="table",
        tags=(document.edition, document.protocol),
        date=max((str(run.environment.get("date", "")) for run in document.runs), default=""),
        tables={"table": (0, ["row", "column", "n", "mean", "std", "p_holm", "mark"], rows)},
        pictures={f"figure{ending}": drawn(drawing, "png") for ending, drawing in drawings_of(document)},
    )
