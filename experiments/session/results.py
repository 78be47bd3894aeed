"""The results that calls of a session return."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from analysis.truth import Verdict
from datamodules.dataset.counts import Counts
from datamodules.dataset.gaps import why_undefined
from experiments.execution.planner import Plan
from experiments.reporting.blocks.planted import verdict_of
from experiments.reporting.decided import Decided
from experiments.reporting.formats.json_format import to_json
from experiments.reporting.formats.terminal import print_document
from experiments.run.public_names import public_dataset, public_initializer
from experiments.run.record_views import metrics
from experiments.run.store import PREDICTIONS, Record
from experiments.session.durations import Durations
from experiments.tables.document import Document, TableDocument
from experiments.tables.resolve_table import ResolvedCells
from specs.errors import RunError
from specs.files import write_text
from specs.registry import BACKBONES
from specs.run import RunSpec

if TYPE_CHECKING:
    import pyarrow as pa  # a plan does not need it, so it is imported only where it is used

UNKNOWN = "then runs are planned, whose keys depend on it"
"""What follows the fetching and preparing that is planned first, in words."""

WIDTH = 200
"""The number of characters in a line of a table that is not printed to a terminal."""


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        record: the record of the run.
        warnings: warnings about the run's numbers, a sentence each; usually none.
        counts: the numbers of images, patients and findings in the dataset's splits; None if they are not known.
    """

    record: Record
    warnings: tuple[str, ...] = ()
    counts: Counts | None = None

    @property
    def key(self) -> str:
        """The run's key, 64 hexadecimal digits."""
        key: str = self.record.data["key"]
        return key

    @property
    def scores(self) -> dict[str, float | None]:
        """All scores by name, in [0, 1], None where undefined; the first is the one that the task is judged by."""
        scores: dict[str, float | None] = self.record.data["outcome"]["scores"]
        return scores

    def why_undefined(self, score: str) -> str:
        """The reason why a score is undefined, in words; empty if the counts of the splits are not known."""
        return why_undefined(self.counts, score) if self.counts else ""

    def predictions(self) -> pa.Table:
        """The predictions of a fine-tuned network on the test split: a row per image, in the split's order.

        Raises:
            RunError: if the run is a pretraining, which tests nothing, or the file is damaged.
        """
        if self.record.data["spec"]["stage"] == "pretrain":
            raise RunError(f"the run {self.key[:12]} is a pretraining, which predicts nothing of a test split.")
        import pyarrow.parquet as pq

        return pq.read_table(self.record.file(PREDICTIONS))

    def curve(self) -> pa.Table:
        """The metrics that were logged of each epoch: ``epoch``, ``step``, losses and the validation metric."""
        return _as_table(metrics(self.record))


@dataclass(frozen=True)
class Pretrained(RunResult):
    """A finished pretraining.

    Attributes:
        weights: the safetensors file of the backbone's tensors, with a card in its header.
        expression: the initializer expression that loads these weights, such as ``file("chest.safetensors")``.
    """

    weights: Path = Path()
    expression: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Runs that failed with the same error.

    Attributes:
        runs: a description of each run in words.
        error: what went wrong, in words.
        log: the file that holds the output of one of the runs; None if it is not known.
        exit_status: the exit status of the command line that belongs to the kind of error.
    """

    runs: tuple[str, ...]
    error: str
    log: Path | None
    exit_status: int

    def __str__(self) -> str:
        """One of the runs, the number of others, what went wrong and the path of the log, in words."""
        more = f" and {len(self.runs) - 1} more" if len(self.runs) > 1 else ""
        log = f"\n  log: {self.log}" if self.log else ""
        return f"failed: {self.runs[0]}{more}: {self.error}{log}"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a call of a session would do.

    Attributes:
        plan: all runs with the runs that they need, and which of them are done.
        cells: the cells of a table, with what is missing where runs cannot be planned yet.
        then: what follows and cannot be planned before these runs are done, in words; empty if nothing follows.
        first: what would be fetched and prepared before the first run, a line for each thing. The keys of runs that
            need it are known only afterwards.
        provided: what stands for the files that would be there then, in errors about them.
    """

    plan: Plan
    cells: ResolvedCells
    then: str = ""
    first: tuple[str, ...] = ()
    provided: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Made:
    """A finished table of any kind: its document, the runs behind it and the files that were written.

    ``print(made)`` shows it as the command line does.

    Attributes:
        document: the document: scores with their statistics, or texts in rows and columns for a figure or a table of
            tasks.
        runs: the records of the runs behind it, each once; a table of datasets has none.
        failures: the runs that failed, those with the same error together.
        files: the files that were written; empty if no folder was given.
    """

    document: Document
    runs: tuple[Record, ...]
    failures: tuple[Failure, ...] = ()
    files: tuple[Path, ...] = ()

    def show(self, console: Console) -> None:
        """Print the document on a console of rich."""
        print_document(self.document, console)

    def __str__(self) -> str:
        """The document as plain text."""
        text = io.StringIO()
        self.show(Console(file=text, width=WIDTH, color_system=None, force_jupyter=False))
        return text.getvalue()

    @property
    def planted(self) -> tuple[str, Verdict] | None:
        """For a planted world, the table's title and whether it found the right answer; None for other tables."""
        if not isinstance(self.document, TableDocument) or (verdict := verdict_of(self.document)) is None:
            return None
        return self.document.title, verdict

    def to_json(self) -> str:
        """The document as JSON text, as in the file ``NAME.json``."""
        return to_json(self.document)

    @property
    def records(self) -> pa.Table:
        """The runs as a table, a row each; ``made.records.to_pandas()`` where pandas is installed."""
        return records_table(self.runs)

    def curves(self) -> pa.Table:
        """The logged metrics of every run, a row per epoch: the columns of ``records`` that name a run, and metrics."""
        return curves_table(self.runs)


@dataclass(frozen=True, kw_only=True)
class Compared(Made):
    """A finished comparison of initializations on one dataset.

    Attributes:
        recommendation: the initialization to start from and how sure that is, in sentences.
        decided: the outcome of the race as plain data.
        learning_rates: the learning rate of each row's first pick on the validation split, by the row's label.
        page: the file of the HTML page that was written; None if no page was asked for.
    """

    recommendation: tuple[str, ...]
    decided: Decided
    learning_rates: dict[str, float]
    page: Path | None = None


@dataclass(frozen=True)
class Page:
    """Finished tables as HTML that needs nothing else: one page, or an index of several with a page for each.

    Attributes:
        index: a function that makes the text of the page, or of the index, given the name of the folder beside it that
            holds the pages of tables.
        pages: a function for each table's page, by the page's name, that makes its text, given the name of the index;
            empty: there is one table, and ``index`` makes its page.
        notes: notes on what is not shown, such as why a table's test images are missing.
    """

    index: Callable[[str], str]
    pages: Mapping[str, Callable[[str], str]]
    notes: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """The text of the page or, of several tables, of the index, as if it were called ``report.html``."""
        return self.index(pages_folder(Path("report.html")))

    @property
    def tables(self) -> int:
        """The number of tables that are shown."""
        return len(self.pages) or 1

    def write(self, path: Path) -> tuple[Path, ...]:
        """Write the page to a file, and the pages of several tables into a folder beside it; returns all paths.

        The folder of ``report.html`` is ``report-pages``. Each file is written completely or not at all, the index
        last.
        """
        folder = path.with_name(pages_folder(path))
        written = []
        for name, page in self.pages.items():
            written.append(folder / f"{name}.html")
            write_text(written[-1], page(path.name))
        write_text(path, self.index(folder.name))
        return (path, *written)


def pages_folder(path: Path) -> str:
    """The name of the folder beside an index that holds the pages of its tables."""
    return f"{path.stem}-pages"


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
    """A table of rows that may have different columns; a value that a row lacks is null."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def plain_plan(planned: Planned, durations: Durations) -> str:
    """A plan as JSON text, for programs that read it, with about how long it takes."""
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
    plain = {
        "first": planned.first, "runs": runs, "empty": empty, "lacking": lacking,
        "durations": dataclasses.asdict(durations),
    }  # fmt: skip
    return json.dumps(plain, indent=1)
