"""Tables with further rows, or with some of their rows and columns only."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.tables.figure import Figure
from experiments.tables.own_sizes import at_own_size
from experiments.tables.rows import rows_of
from experiments.tables.stated import Stated
from experiments.tables.table import Column, Row, Table
from specs.errors import UsageError, unknown
from specs.registry import INITIALIZERS
from specs.row import FORM, parse_row


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Rows that are added to a table, and which of its own rows and columns are made.

    Attributes:
        added: the rows that are added below the table's own, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``.
        rows: the labels of the rows that are made; the reference row is made with them, and the row that a control
            repeats. Empty: all.
        columns: the labels of the columns that are made. Empty: all.
    """

    added: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Remarks on what was added and left out, as pairs of a subject and a text."""
        added = tuple(("a row was added", text) for text in self.added)
        parts = [
            f"{what} {', '.join(names)}" for what, names in (("rows", self.rows), ("columns", self.columns)) if names
        ]
        if not parts:
            return added
        return (*added, ("a part of the table", f"{' and '.join(parts)}; corrections are over what is shown"))

    def of(self, table: Table) -> Table:
        """The selected part of a table, with the rows that are added; everything else is as it was.

        Statements of a paper, a planted truth and groups of a figure are left out where rows or columns of theirs are.

        Raises:
            UsageError: if a label is not the table's, an added row has the name of another one, or a column has its
                learning rates picked in a column that is left out.
        """
        if self.columns:
            _check_shown(table, self.rows, self.columns)
            table = _with_columns(table, self.columns)
        if self.rows:
            table = _with_rows(table, self.rows)
        return _with_added(table, self.added) if self.added else table

    def refused(self, name: str, why: str) -> None:
        """Refuse a selection for a table that is no grid of rows and columns.

        Raises:
            UsageError: if anything is selected.
        """
        if self != EVERYTHING:
            raise UsageError(f"{name}: {why}, so no rows can be added to it, and none of it left out. Leave this away.")


EVERYTHING = Selection()
"""The table as it is."""


def _check_shown(table: Table, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a wanted row that is for a column alone which is left out."""
    wanted, shown = ({name.casefold() for name in names} for names in (rows, columns))
    for row in table.rows:
        if row.label.casefold() in wanted and row.only is not None and row.only.casefold() not in shown:
            raise UsageError(f'the row "{row.label}" is for the column "{row.only}" alone. Select that column too.')


def _with_columns(table: Table, wanted: Sequence[str]) -> Table:
    """The table with some of its columns, and without rows that are for other ones alone."""
    labels = _known("column", wanted, [column.label for column in table.columns])
    columns = tuple(column for column in table.columns if column.label in labels)
    for column in columns:
        if column.tuned_on not in (None, *labels):
            raise UsageError(
                f'the learning rates of the column "{column.label}" are picked on the validation images of '
                f'"{column.tuned_on}". Select that column too.'
            )
    rows = tuple(row for row in table.rows if row.only in (None, *labels))
    return _consistent(table, rows, columns)


def _with_rows(table: Table, wanted: Sequence[str]) -> Table:
    """The table with some of its rows, the reference row, and the rows that controls among them repeat."""
    labels = _known("row", wanted, [row.label for row in table.rows]) | {table.reference}
    labels |= {row.control_of for row in table.rows if row.label in labels and row.control_of is not None}
    return _consistent(table, tuple(row for row in table.rows if row.label in labels), table.columns)


def _known(noun: str, wanted: Sequence[str], known: Sequence[str]) -> set[str]:
    """The labels that are wanted, whatever their case.

    Raises:
        UsageError: if there is no such label.
    """
    by_case = {label.casefold(): label for label in known}
    for label in wanted:
        if label.casefold() not in by_case:
            raise unknown(f"{noun} of this table:", label, known)
    return {label if label in known else by_case[label.casefold()] for label in wanted}


def _consistent(table: Table, rows: tuple[Row, ...], columns: tuple[Column, ...]) -> Table:
    """The table with these rows and columns, without what is said of others."""
    labels, headings = {row.label for row in rows}, {column.label for column in columns}
    stated = [
        Stated(
            one.sentence,
            one.source,
            tuple(
                (column, claim)
                for column, claim in one.contrasts
                if column in headings and {claim.row, claim.than} <= labels
            ),
        )
        for one in table.stated
    ]
    claimed = {name for claim in table.planted.claims for name in (claim.row, claim.than)} if table.planted else set()
    return dataclasses.replace(
        table,
        rows=rows,
        columns=columns,
        figure=None if table.figure is None else _drawn(table.figure, labels, headings),
        stated=tuple(one for one in stated if one.contrasts),
        planted=table.planted if claimed <= labels else None,
    )


def _drawn(figure: Figure, labels: set[str], columns: set[str]) -> Figure:
    """A figure of some rows and columns; an interaction is tested between the first two groups, if they are whole."""
    groups = tuple(
        (name, tuple(column for column in of_group if column in columns)) for name, of_group in figure.groups
    )
    whole = groups[:2] == figure.groups[:2] and set(figure.interaction or ()) <= labels
    return dataclasses.replace(
        figure,
        families=tuple((label, family) for label, family in figure.families if label in labels),
        groups=tuple((name, of_group) for name, of_group in groups if of_group),
        interaction=figure.interaction if whole else None,
        ranks=figure.ranks and len(labels) > 1 and len(columns) > 1,
    )


def _with_added(table: Table, texts: Sequence[str]) -> Table:
    """The table with further rows; a row whose network takes one image size only has its images brought to that."""
    rows = []
    for row in rows_of([parse_row(text) for text in texts]):
        INITIALIZERS.bind(row.initializer)  # a wrong name is told before anything runs
        for column in table.columns:
            row = at_own_size(row, column.backbone or table.backbone, column.recipe)
        rows.append(row)
    labels = [row.label for row in (*table.rows, *rows)]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise UsageError(
            f"--add-row: the table would have {', '.join(twice)} more than once. Give the added row a name of its "
            f"own: {FORM}."
        )
    return dataclasses.replace(table, rows=(*table.rows, *rows))
