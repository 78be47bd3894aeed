"""The licences of the weights that each row starts from, and the rows that a licence kept out of a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.kind import Kind
from experiments.tables.document import TableDocument
from experiments.tables.licences import LicencesOfWeights

TITLES = ("licence of the weights", "commercial use")

NOTE = (
    "Licences are those of the weights that a row starts from, whatever they are mixed with or trained on here. "
    "What a licence says of commercial use is no legal advice, and terms of images are not looked at."
)


@dataclass(frozen=True)
class LicencesOfRows:
    """The licences of the rows of a comparison.

    Attributes:
        rows: the licences of the weights of each row, by the row's label.
        left_out: the licences of rows that were asked for and left out, by the row's label.
    """

    rows: dict[str, LicencesOfWeights]
    left_out: dict[str, LicencesOfWeights] = field(default_factory=dict)


def licences() -> Kind:
    """The block of comparisons, whose rows are chosen by what a user may do with them."""
    return Kind(order=27, tell=_tell, part=LicencesOfRows, check=_check)


def why_left_out(row: str, licences: LicencesOfWeights) -> str:
    """A sentence on a row that was left out: which licence of whose weights is why."""
    return f"{row} is left out by --licence commercial: {licences.why_not}."


def _check(document: TableDocument) -> None:
    part = document.part(LicencesOfRows)
    if part is not None and (unknown := set(part.rows) - set(dict(document.rows))):
        raise ValueError(f"licences of {', '.join(sorted(unknown))}, which no row is called")


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(LicencesOfRows)
    if part is None:
        return
    lines = [
        Line(row, (Entry(of.licence, of.licence), Entry(of.commercial, of.commercial)), row)
        for row, _ in document.rows
        if (of := part.rows.get(row)) is not None
    ]
    left_out = tuple(why_left_out(row, of) for row, of in part.left_out.items())
    yield Block(
        title="Licences", corner="initialization", header=tuple(Heading(title, wordy=True) for title in TITLES),
        lines=tuple(lines), notes=(*left_out, NOTE), beside=not document.transposed,
    )  # fmt: skip
