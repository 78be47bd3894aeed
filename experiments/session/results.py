"""What the calls of a session return."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from analysis.truth import Verdict
from experiments.execution.planner import Plan
from experiments.reporting.formats.grid import Grid, grid_json, print_grid
from experiments.reporting.formats.plain import to_json
from experiments.reporting.formats.terminal import print_table
from experiments.reporting.text.verdicts import verdict_of
from experiments.run.naming import public_dataset, public_initializer
from experiments.run.run_facts import metrics
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.cells import ResolvedCells
from experiments.tables.decided import Decided
from experiments.tables.document import TableDocument
from specs.errors import RunError
from specs.files import write_text
from specs.registry import BACKBONES
from specs.run import RunSpec

if TYPE_CHECKING:
    import pyarrow as pa  # which a plan does without

UNKNOWN = "then runs are planned, whose keys depend on it"
"""What follows after what is fetched and prepared first."""

WIDTH = 200
"""Characters of a line of a printed table, where there is no terminal that says how many it has."""


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        record: what it left behind.
        warnings: what must be known of its numbers; none as a rule.
    """

    record: Record
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The run's key, 64 hexadecimal digits."""
        key: str = self.record.data["key"]
        return key

    @property
    def scores(self) -> dict[str, float | None]:
        """All scores by name, in [0, 1], None where one is undefined; the task's own is the first."""
        scores: dict[str, float | None] = self.record.data["outcome"]["scores"]
        return scores

    def predictions(self) -> pa.Table:
        """What a fine-tuned network predicted of the test split: a row per image, in the split's order.

        Raises:
            RunError: if the run is a pretraining, which tests nothing, or the file is damaged.
        """
        if self.record.data["spec"]["stage"] == "pretrain":
            raise RunError(f"the run {self.key[:12]} is a pretraining, which predicts nothing of a test split.")
        import pyarrow.parquet as pq

        return pq.read_table(self.record.file(PREDICTIONS))

    def curve(self) -> pa.Table:
        """What was logged of each epoch: ``epoch``, ``step``, losses and the validation metric."""
        return _as_table(metrics(self.record))


@dataclass(frozen=True)
class Pretrained(RunResult):
    """A finished pretraining.

    Attributes:
        weights: a safetensors file of the backbone's tensors, with a card in its header.
        expression: the initializer that loads them anywhere, such as ``file("chest.safetensors")``.
    """

    weights: Path = Path()
    expression: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Runs that failed alike.

    Attributes:
        runs: each in words.
        error: what went wrong.
        log: where the output of one of them is, if it left any.
        exit_status: of the kind of error, as the command line has it.
    """

    runs: tuple[str, ...]
    error: str
    log: Path | None
    exit_status: int

    def __str__(self) -> str:
        """One of the runs, how many others there are, what went wrong and where the log is."""
        more = f" and {len(self.runs) - 1} more" if len(self.runs) > 1 else ""
        log = f"\n  log: {self.log}" if self.log else ""
        return f"failed: {self.runs[0]}{more}: {self.error}{log}"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a call would do.

    Attributes:
        plan: every run, what it needs, and what is done already.
        cells: a table's cells, with what is lacking where runs cannot be planned yet.
        then: what follows that cannot be planned before these runs are done, in words; empty if nothing does.
        first: what would be fetched and prepared before the first run, a line each. Runs that need it are known by
            their keys once it is there.
    """

    plan: Plan
    cells: ResolvedCells
    then: str = ""
    first: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Made:
    """A finished table of any kind: its document, the runs behind it and the files that were written.

    ``print(made)`` shows it as the command line does.

    Attributes:
        document: scores with their statistics, or, of a figure or a table of tasks, texts in rows and columns.
        runs: the records behind it, each once; a table of tasks has none.
        failures: runs that ended badly, grouped by what went wrong.
        files: that were written; empty if no folder was given.
    """

    document: TableDocument | Grid
    runs: tuple[Record, ...]
    failures: tuple[Failure, ...] = ()
    files: tuple[Path, ...] = ()

    def show(self, console: Console) -> None:
        """Print the document on a console of rich."""
        if isinstance(self.document, TableDocument):
            print_table(self.document, console)
        else:
            print_grid(self.document, console)

    def __str__(self) -> str:
        """The document as plain text."""
        text = io.StringIO()
        self.show(Console(file=text, width=WIDTH, color_system=None))
        return text.getvalue()

    @property
    def planted(self) -> tuple[str, Verdict] | None:
        """The title and what was found of what was planted in it; None of tables in which nothing was."""
        if not isinstance(self.document, TableDocument) or (verdict := verdict_of(self.document)) is None:
            return None
        return self.document.title, verdict

    def to_json(self) -> str:
        """The document as JSON text, as ``NAME.json`` holds it."""
        return to_json(self.document) if isinstance(self.document, TableDocument) else grid_json(self.document)

    @property
    def records(self) -> pa.Table:
        """The runs as a table, a row each; ``made.records.to_pandas()`` where pandas is installed."""
        return records_table(self.runs)

    def curves(self) -> pa.Table:
        """What every run logged of each epoch: the columns of ``records`` that say which run, and the numbers."""
        return curves_table(self.runs)


@dataclass(frozen=True, kw_only=True)
class Compared(Made):
    """A finished comparison of initializations on one dataset.

    Attributes:
        recommendation: what to start from and how sure that is, in sentences.
        decided: the same as plain data.
        learning_rates: that were picked first on the validation split, by row.
        page: the HTML page that was written; None if none was asked for.
    """

    recommendation: tuple[str, ...]
    decided: Decided
    learning_rates: dict[str, float]
    page: Path | None = None


@dataclass(frozen=True)
class Page:
    """Finished tables as one HTML page that needs nothing else.

    Attributes:
        html: the page.
        tables: how many it shows.
        notes: what a reader of the page may miss, such as why a table's test images are not shown.
    """

    html: str
    tables: int
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write the page whole, or not at all."""
        write_text(path, self.html)


def records_table(records: Sequence[Record]) -> pa.Table:
    """Records as a table, a row per run.

    Columns: ``key``, ``stage``, ``edition``, ``dataset``, ``initializer``, ``backbone``, ``seed``, ``metric``,
    ``score`` in [0, 1], ``validation``, ``epochs``, ``best_epoch``, ``seconds``, ``folder``, ``score:NAME`` for
    every score that one of them has, and ``fold``, such as ``2/5``, if one of them is of a fold. Datasets and
    initializers are named without the names of a user's folders.
    """
    rows = [
        _named(record)
        | {
            "metric": record.data["metric"],
            "score": record.score,
            "validation": record.data["validation"]["metric"],
            "epochs": record.data["epochs"],
            "best_epoch": record.data["best_epoch"],
            "seconds": record.data["seconds"],
            "folder": str(record.folder),
        }
        | {f"score:{name}": value for name, value in record.data["outcome"]["scores"].items()}
        for record in records
    ]
    return _as_table(rows)


def curves_table(records: Sequence[Record]) -> pa.Table:
    """The logged metrics of records as a table, a row per run and epoch.

    Columns: those of ``records_table`` that name a run, then ``epoch``, ``step``, ``learning_rate`` and the logged
    losses and metrics.
    """
    return _as_table([_named(record) | row for record in records for row in metrics(record)])


def _named(record: Record) -> dict[str, Any]:
    spec = RunSpec.from_json(record.data["spec"])
    named = {
        "key": record.data["key"],
        "stage": spec.stage,
        "edition": spec.edition,
        "dataset": public_dataset(spec.dataset),
        "initializer": public_initializer(spec.initializer),
        "backbone": str(BACKBONES.short(spec.backbone)),
        "seed": spec.seed,
    }
    return named if spec.fold is None else named | {"fold": str(spec.fold)}


def _as_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows whose names may differ; what a row lacks is null."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def plain_plan(planned: Planned) -> str:
    """What would be done, as JSON text for programs."""
    runs = [
        {
            "key": key,
            "done": key in planned.plan.done,
            "needs": [need.key for need in run.requires],
            "spec": run.spec.to_json(),
        }
        for key, run in planned.plan.runs.items()
    ]
    cells = planned.cells
    empty = {f"{row} / {column}": why for (row, column), why in cells.runs.items() if isinstance(why, str)}
    lacking = [
        {"specs": [spec.to_json() for spec in specs], "errors": [str(error) for error in errors]}
        for specs, errors in cells.lacking.values()
    ]
    return json.dumps({"first": planned.first, "runs": runs, "empty": empty, "lacking": lacking}, indent=1)
