"""The AUROC or the Dice of each class of a task with several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from experiments.reporting.blocks.building.block import Block, Heading, Line, entry_of
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.phrases import mean_std
from experiments.tables.document import Cell, TableDocument

PREFIXES = {"auroc:": "AUROC", "dice:": "Dice"}
"""The starts of the names of these scores in a run's record, which names of classes follow, and their titles."""


def class_scores() -> Kind:
    """The blocks of class scores: one for each column whose task has several classes."""
    return Kind(order=52, tell=_tell)


def _tell(document: TableDocument) -> Iterator[Block]:
    rows = [row for row, _ in document.rows]
    for (column, _), (prefix, called) in itertools.product(document.columns, PREFIXES.items()):
        runs = [run for run in document.runs if run.column == column and run.row in rows]
        names = list(dict.fromkeys(name for run in runs for name in run.scores if name.startswith(prefix)))
        if len(names) < 2:
            continue
        lines = []
        for row in rows:
            values = [[run.scores.get(name) for run in runs if run.row == row] for name in names]
            cells = [Cell(tuple(value for value in of if value is not None)) for of in values]
            lines.append(Line(row, tuple(entry_of(cell, mean_std(cell)) for cell in cells), row))
        yield Block(
            title=f"{called} of each class of {column}, {len(names)} classes", corner="initialization",
            header=tuple(Heading(name.removeprefix(prefix)) for name in names), lines=tuple(lines), folded=True,
            detail=True,
        )  # fmt: skip
