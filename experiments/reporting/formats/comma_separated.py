"""A document as CSV: of scores one line per cell with everything that is known of it, of texts their lines."""

from __future__ import annotations

import csv
import io

from experiments.reporting.blocks.building.block import DataRows, Value
from experiments.reporting.blocks.building.kind import blocks_of, kinds
from experiments.tables.document import CellKey, Document, TableDocument, TextDocument

COLUMNS = (
    "row", "expression", "column", "metric", "n", "mean", "std", "ddof", "difference", "p", "p_holm",
    "smallest_detectable_difference_holm", "mark", "best", "paper_mark", "missing", "overlap",
)  # fmt: skip
"""The columns of every table of scores; further columns that come from blocks follow them."""


def to_csv(document: Document) -> str:
    """The document as CSV, with scores in [0, 1]."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if isinstance(document, TextDocument):
        writer.writerows([document.header, *document.texts])
    elif isinstance(document, TableDocument):
        blocks = blocks_of(document)
        known = {name: values for block in blocks for name, values in block.long.items()}
        always = (name for kind in kinds().values() for name in kind.columns)
        names = list(dict.fromkeys([*always, *known]))
        writer.writerow([*COLUMNS, *names])
        for row, expression in document.rows:
            for column, metric in document.columns:
                cell_key = (row, column)
                further = [_shown(known.get(name, {}).get(cell_key)) for name in names]
                writer.writerow([row, expression, column, metric, *_cell(document, cell_key), *further])
    return text.getvalue()


def lines_as_csv(lines: DataRows) -> str:
    """Lines of numbers and texts as CSV; a number that is not known is empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_shown(value) for value in line] for line in lines)
    return text.getvalue()


def _cell(document: TableDocument, cell_key: CellKey) -> list[str | int]:
    """The values of a cell in ``COLUMNS``, from ``n`` on."""
    end: list[str | int] = [
        int(document.is_best(cell_key)),
        document.paper_marks.get(cell_key, ""),
        document.cells[cell_key].missing or "",
        "; ".join(document.overlaps.get(cell_key, ())),
    ]
    if (result := document.result(cell_key)) is None:
        return [0, *[""] * 8, *end]
    of = result.summary
    numbers = [of.mean, of.std, 1, result.difference, result.p_value, result.p_holm, result.detectable]
    return [of.n, *map(_shown, numbers), result.mark, *end]


def _shown(value: Value) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)
