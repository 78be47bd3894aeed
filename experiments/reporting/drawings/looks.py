"""The colors of all drawings and pictures, and how a row looks: the same color, marker and line in every one of them.

Color-blind readers can tell the colors apart too: they are those of Okabe and Ito
(2008, https://jfly.uni-koeln.de/color/), but for a brown in the place of the yellow, which is too light for thin lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Literal, NamedTuple

from experiments.tables.document import TableDocument

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5E3C00", "#000000")
"""The colors of rows."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""The markers of rows: one fewer than colors, so that no two of the first 56 rows have both in common."""

LINES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
"""The line styles that tell rows of the same color apart."""

TRUTH = "#F0E442"
"""The color of what is true in pictures: a yellow that no row has."""

CLASS_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#CC79A7")
"""The colors of classes in masks of several classes, in turn; such masks stand side by side, not over each other."""

KEPT = {"random": 0, "mean_var": 2}
"""The number of the look of rows whose expression begins with an initializer, by its name, the same in every table."""


class Look(NamedTuple):
    """The color, marker and line style that matplotlib draws a row with."""

    color: str
    marker: str
    line: Literal["-", "--", ":", "-."]


def looks(document: TableDocument) -> dict[str, Look]:
    """The look of each row, by its label.

    Rows of a family, where the table names families, share its color.
    """
    families = dict(document.figure.families) if document.figure is not None else {}
    return looks_of(dict(document.rows), families)


def looks_of(rows: Mapping[str, str], families: Mapping[str, str] | None = None) -> dict[str, Look]:
    """The look of each row, by its label: that of random weights and of Mean Var is the same in every table.

    Args:
        rows: the initializer expression of each row by its label, in the table's order.
        families: the family of each row that is in one, by its label; rows of a family share its color.
    """
    named = families or {}
    groups: dict[str, str] = {}
    for row, expression in rows.items():
        groups.setdefault(named.get(row, row), expression)
    numbers = dict(zip(groups, _numbers(groups.values()), strict=True))
    seen: dict[str, int] = {}
    found = {}
    for place, row in enumerate(rows):
        number = numbers[named.get(row, row)]
        color, marker = COLORS[number % len(COLORS)], MARKERS[(place if named else number) % len(MARKERS)]
        found[row] = Look(color, marker, LINES[seen.get(color, 0) % len(LINES)])
        seen[color] = seen.get(color, 0) + 1
    return found


def _numbers(expressions: Iterable[str]) -> Iterator[int]:
    """The number of a look for each expression, each once; numbers that are kept for others are taken last."""
    kept = dict(KEPT)
    others = (number for number in range(len(COLORS)) if number not in kept.values())
    free = chain(others, KEPT.values(), count(len(COLORS)))
    used: set[int] = set()
    for expression in expressions:
        started = re.match(r"\w*", expression)
        number = kept.pop(started[0], None) if started else None
        if number is None or number in used:
            number = next(one for one in free if one not in used)
        used.add(number)
        yield number
