"""Leaving rows out of a comparison whose licences do not allow what their user is about to do."""

from __future__ import annotations

import dataclasses

from experiments.reporting.blocks.licences import LicencesOfRows, why_left_out
from experiments.session.context import Say
from experiments.session.default_network import NETWORK
from experiments.session.question import Question
from experiments.tables.document import TableDocument
from experiments.tables.licences import LicencesOfWeights, licences_of
from experiments.tables.rows import rows_of
from experiments.tables.table import Row, Table
from specs.errors import UsageError
from specs.expression import parse
from specs.row import parse_row


def permitted(question: Question, say: Say) -> tuple[Question, dict[str, LicencesOfWeights]]:
    """The question without the rows that its ``licence`` leaves out, and the licences of those, by label.

    A row is left out if a licence of its weights forbids commercial use, or if one is not known to allow it. The first
    row that is kept is the reference.

    Args:
        question: the question as it was asked.
        say: a function that is told of each row that is left out, and of another reference.

    Raises:
        UsageError: if fewer than two rows are left.
        WeightsError: if a row names a file that is not there.
    """
    if question.licence is None:
        return question, {}
    rows = rows_of([parse_row(text) for text in question.initializers])
    found = [_licences(row, question.backbone or NETWORK) for row in rows]
    left_out = {row.label: of for row, of in zip(rows, found, strict=True) if of.commercial != "yes"}
    for label, of in left_out.items():
        say(why_left_out(label, of))
    kept = [text for text, of in zip(question.initializers, found, strict=True) if of.commercial == "yes"]
    if left_out and len(kept) < 2:
        whys = " ".join(why_left_out(label, of) for label, of in left_out.items())
        raise UsageError(
            f"--licence commercial: expected two or more initializations that may be used commercially, found "
            f"{len(kept)}. {whys} Name others with --from, or leave --licence out."
        )
    if kept and kept[0] != question.initializers[0]:
        say(f"the reference is now {kept[0]}.")
    return dataclasses.replace(question, initializers=tuple(kept)), left_out


def licences_of_rows(table: Table, document: TableDocument, left_out: dict[str, LicencesOfWeights]) -> LicencesOfRows:
    """The licences of the rows of a finished comparison, for its document.

    Args:
        table: the table of the comparison.
        document: the document of the comparison, which may show a control beside the rows of the table.
        left_out: the licences of rows that were left out, by label.
    """
    rows = {row.label: row for row in table.rows}
    shown = {label: rows[document.controls.get(label, label)] for label, _ in document.rows}
    return LicencesOfRows({label: _licences(row, table.backbone) for label, row in shown.items()}, left_out)


def _licences(row: Row, network: str) -> LicencesOfWeights:
    return licences_of(parse(row.initializer), parse(row.backbone or network))
