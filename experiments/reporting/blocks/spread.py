"""What stands behind the means of a table: how many runs each is of, their spread, and intervals over test patients.

All is counted in the cells, and nothing is said of what is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line, Value
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import score_layout, sides
from experiments.tables.document import Cell, CellKey, TableDocument

MOST_INTERVALS = 12
"""The largest number of intervals that every format shows; more are left to the page and NAME.csv."""

COLUMNS = ("interval_low", "interval_high")


def spread() -> Kind:
    """The first notes of every table and, where they were asked for, the intervals of the means."""
    return Kind(order=18, tell=_tell, columns=COLUMNS)


def _tell(document: TableDocument) -> Iterator[Block]:
    yield Block(notes=(_means(document), *_pooled(document), *_pretrained(document)))
    known = {cell_key: cell.interval for cell_key, cell in document.cells.items() if cell.interval}
    if not known:
        return
    many = len(known) > MOST_INTERVALS
    there = f" They are in {document.name}.csv and on the page." if many else ""
    yield Block(
        notes=(
            f"Intervals hold the mean over the {_noun(document)}s in 95% of resamples of the test patients (percentile "
            "bootstrap): what another test set of this kind might have shown of these very networks."
            f"{there}",
        )
    )
    layout = score_layout(document)
    low: dict[CellKey, Value] = {cell_key: ends[0] for cell_key, ends in known.items()}
    high: dict[CellKey, Value] = {cell_key: ends[1] for cell_key, ends in known.items()}
    yield Block(
        title="Intervals of the means, over test patients",
        corner=f"95% intervals, {layout.corner}",
        header=tuple(Heading(heading.label, heading.detail) for heading in layout.header),
        lines=tuple(
            Line(line.heading.text, tuple(map(_interval, line.cells)), line.heading.label) for line in layout.lines
        ),
        detail=many,
        folded=True,
        long=dict(zip(COLUMNS, (low, high), strict=True)),
    )


def _interval(cell: Cell) -> Entry:
    """The interval of a cell's mean in percent, as in ``43.21 to 67.89``."""
    if cell.interval is None:
        return Entry("-")
    low, high = cell.interval
    return Entry(f"{100 * low:.2f} to {100 * high:.2f}", low)


def _means(document: TableDocument) -> str:
    """A note on what the numbers in the cells are."""
    counts = [len(cell.values) for cell in document.cells.values() if cell.values]
    if not counts:
        return "No cell has a score."
    if max(counts) == 1:
        text = f"In percent, each of one {_noun(document)}, so that no spread is shown"
    else:
        text = f"Mean ± sample standard deviation (ddof 1) in percent over {runs(document)}"
        if min(counts) == 1:
            text += f"; of a single {_noun(document)} there is no spread"
    best = "best" if document.directions[0] == "better" else "highest"
    return f"{text}; the {best} of a {sides(document)[1]} is bold (in plain text: *){_ties(document)}."


def runs(document: TableDocument) -> str:
    """The number of runs, as in ``3 seeds``, ``3 seeds (6 on DRIVE)``, ``2 to 9 seeds`` or, with folds, ``15 runs``."""
    told = {column: text for column, _ in document.columns if (text := _range(document, column))}
    if not told:
        return f"0 {_noun(document)}s"
    counts = Counter(told.values())
    planned = str(document.seeds)
    usual = max(counts, key=lambda text: (counts[text], text == planned, text.isdecimal()))
    others = [f"{text} on {column}" for column, text in told.items() if text != usual]
    noun = _noun(document) if usual == "1" else f"{_noun(document)}s"
    return f"{usual} {noun}" + (f" ({', '.join(others)})" if others else "")


def _pooled(document: TableDocument) -> list[str]:
    """A note on columns that show one Dice coefficient over the pixels of all test images."""
    columns = [column for column, metric in document.columns if metric == "dice_pooled"]
    if not columns:
        return []
    return [
        f"dice_pooled ({'; '.join(columns)}): one Dice coefficient of all pixels of the test images together, in which "
        "an image weighs by how much it shows and how much is found in it; every statistic of such a column is of it. "
        "The mean over images, of which one without a finding counts 1 where none is found, is a further score."
    ]


def _pretrained(document: TableDocument) -> list[str]:
    """A note on what the spread leaves out where rows start from pretrainings of this table."""
    seeds = sorted({run.seed for run in document.runs if run.spec.get("stage") == "pretrain"})
    if not seeds:
        return []
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"one of the seeds {', '.join(map(str, seeds))}"
    return [f"Every pretraining ran once, with {which}: the spread is that of fine-tuning."]


def _noun(document: TableDocument) -> str:
    """The word for a run: ``seed``, or ``run`` where runs of several folds share a seed."""
    return "run" if any(run.spec.get("fold") for run in document.runs) else "seed"


def _range(document: TableDocument, column: str) -> str:
    """The number of runs of a column's cells with scores, as in ``3`` or ``2 to 9``; empty if no cell has any."""
    counts = [len(cell.values) for (_, other), cell in document.cells.items() if other == column and cell.values]
    if not counts:
        return ""
    return f"{counts[0]}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _ties(document: TableDocument) -> str:
    """The words that explain several bold cells in one column; empty where no means are equal."""
    tied = any(len(rows) > 1 for rows in document.comparison.best.values())
    return ", several where their means are equal" if tied else ""
