"""What the marks beside the scores mean, or why there are none, and what rows show that are another one once more."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import sides
from experiments.reporting.text.phrases import listed, percent_level
from experiments.tables.document import TableDocument

TESTS = {
    "student": "independent t-test with pooled variance",
    "welch": "Welch's independent t-test",
    "paired": "t-test of the differences over seeds",
}
SIDES = {"two-sided": "two-sided", "greater": "one-sided for better rows", "less": "one-sided for worse rows"}


def marks() -> Kind:
    """The notes on marks, for every table."""
    return Kind(order=19, tell=_tell)


def _tell(document: TableDocument) -> Iterator[Block]:
    yield Block(notes=(*_marks(document), *_controls(document)))


def _marks(document: TableDocument) -> list[str]:
    """The note on what the marks mean, or on why there are none."""
    row, column = sides(document)
    if not any(cell.values for cell in document.cells.values()):
        return []
    if document.marks == "race":
        return [
            "No mark stands beside a score: rows that were raced are not tested one by one, and the claims about them "
            "are stated above."
        ]
    if document.marks == "reference":
        if not document.comparison.tests:
            reasons = [of.reason for of in document.comparison.cells.values() if of.reason]
            why = listed(list(dict.fromkeys(reasons))) or f"no other {row} has scores"
            return [f'No {row} is tested against the {row} "{document.reference}", and none is marked: {why}.']
        return [
            f"▲ {document.directions[0]}, ▼ {document.directions[1]} than the {row} "
            f'"{document.reference}": {TESTS[document.test]}, '
            f"{SIDES[document.alternative]}, Holm over the table, {percent_level(document)} level. No mark: no "
            "difference shown, which does not mean equal."
        ]
    if not {"significantly below the best", "not significantly different from the best"} & {
        *document.paper_marks.values()
    }:
        return [f"No {row} is marked: a test against the best of a {column} needs two runs on each side that differ."]
    return [
        f"† not significantly different from the best of its {column}: two-sided independent t-test, "
        f"uncorrected, as the papers mark; testing against a best {row} that was found afterwards marks too many."
    ]


def _controls(document: TableDocument) -> list[str]:
    """A note for each control, which repeats another row with other seeds, on where the two are found to differ."""
    found = []
    for row, of in document.controls.items():
        again = f'"{row}" is "{of}" once more'
        tested = of == document.reference and document.marks == "reference"
        if not tested or not document.comparison.tests:
            found.append(f"{again}, with other seeds.")
            continue
        marked = [
            column
            for column, _ in document.columns
            if (result := document.result((row, column))) and result.mark in ("better", "worse")
        ]
        told = f"Alarm: they are found to differ on {listed(marked)}. Trust no other mark there." if marked else ""
        found.append(f"{again}: a mark on it is chance, as others may be. {told}".rstrip())
    return found
