"""Rows of tables from what a user writes, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from experiments.run.members import check_same_start
from experiments.run.public_names import public_initializer, row_title
from experiments.tables.table import Row
from specs.registry import ADAPTATIONS, BACKBONES, INITIALIZERS
from specs.row import RowText
from specs.titles import distinct


def rows_of(written: Sequence[RowText]) -> tuple[Row, ...]:
    """The rows of a table; the label of a row without a name is its weights, and its own network and adaptation.

    Two different rows without a name never have the same label: where titles are equal, expressions are added.

    Raises:
        UsageError: if an expression is wrong, or a row averages networks that would start from different weights.
    """
    for text in written:
        if text.adaptation is not None:
            check_same_start(text.weights, text.adaptation)
    rows = [
        Row(
            text.name or row_title(text.weights, text.backbone, text.adaptation),
            str(text.weights),
            adaptation=str(ADAPTATIONS.short(text.adaptation)) if text.adaptation is not None else None,
            backbone=str(BACKBONES.bind(text.backbone)) if text.backbone is not None else None,
        )
        for text in written
    ]
    unnamed = [row for row, text in zip(rows, written, strict=True) if text.name is None]
    given = [text.name for text in written if text.name is not None]
    labels = iter(distinct([row.label for row in unnamed], [described(row) for row in unnamed], given))
    return tuple(
        row if text.name else dataclasses.replace(row, label=next(labels))
        for row, text in zip(rows, written, strict=True)
    )


def described(row: Row) -> str:
    """A row as a user would write it, for reports, without the names of the user's folders."""
    weights = public_initializer(INITIALIZERS.bind(row.initializer))
    network = f" on {BACKBONES.short(row.backbone)}" if row.backbone else ""
    return weights + network + (f" by {row.adaptation}" if row.adaptation else "")
