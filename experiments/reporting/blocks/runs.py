"""What each row is, and every run behind the table, with what it loaded, its spec, versions and key."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.kind import Kind
from experiments.tables.document import RunLine, TableDocument

SHOWN = 12
"""The number of characters of a key that are shown, which suffice to tell runs apart."""

HEADER = (
    Heading("Initialization", wordy=True),
    Heading("Task", wordy=True),
    Heading("Seed"),
    Heading("Score, %"),
    Heading("Epochs"),
    Heading("Seconds"),
)


def runs() -> Kind:
    """The last blocks of every table: the rows' expressions and the runs."""
    return Kind(order=90, tell=_tell)


def _tell(document: TableDocument) -> Iterator[Block]:
    rows = tuple(Line(label, (Entry(expression),), label) for label, expression in document.rows)
    yield Block(
        title="What each row is", corner="row", header=(Heading("Expression", wordy=True),), lines=rows, folded=True,
        detail=True,
    )  # fmt: skip
    yield Block(
        title=f"{len(document.runs)} runs; what each loaded, its spec, versions and key", corner="run", header=HEADER,
        lines=tuple(map(_line, document.runs)), folded=True, detail=True,
    )  # fmt: skip


def _line(run: RunLine) -> Line:
    score = "undefined" if run.score is None else f"{100 * run.score:.2f}"
    entries = (
        Entry(run.row),
        Entry(run.column),
        Entry(str(run.seed), run.seed),
        Entry(score, run.score),
        Entry(str(run.epochs), run.epochs),
        Entry(f"{run.seconds:.1f}", run.seconds),
    )
    return Line(run.key[:SHOWN], entries, run=run.key)
