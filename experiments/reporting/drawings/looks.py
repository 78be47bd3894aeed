"""How a row looks: the same color, marker and line in every drawing of its table."""

from __future__ import annotations

from typing import Literal, NamedTuple

from experiments.tables.document import TableDocument

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933", "#000000")
"""The colors of rows.

Color-blind readers can tell them apart too (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/).
"""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""The markers of rows: one fewer than colors, so that no two of the first 56 rows have both in common."""

LINES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
"""The line styles that tell rows of the same color apart."""


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
    groups = dict.fromkeys(families.get(row, row) for row, _ in document.rows)
    numbers = {group: number for number, group in enumerate(groups)}
    seen: dict[str, int] = {}
    found = {}
    for number, (row, _) in enumerate(document.rows):
        color = COLORS[numbers[families.get(row, row)] % len(COLORS)]
        found[row] = Look(color, MARKERS[number % len(MARKERS)], LINES[seen.get(color, 0) % len(LINES)])
        seen[color] = seen.get(color, 0) + 1
    return found
