"""Tables with rows of a user's own, and parts of tables: everything else stays as it was."""

from __future__ import annotations

import dataclasses

import pytest

from experiments.session.selecting import EVERYTHING, Selection
from experiments.tables.named import table_named
from experiments.tables.table import Row, Table, control
from specs.errors import UsageError
from specs.registry import TABLES

BENCHMARK = "benchmark-table-2"


def table(name: str = BENCHMARK) -> Table:
    found = table_named(name, None)
    assert isinstance(found, Table)
    return found


GRIDS = [name for name in TABLES.entries if isinstance(table_named(name, None), Table)]


def labels(of: Table) -> tuple[list[str], list[str]]:
    return [row.label for row in of.rows], [column.label for column in of.columns]


@pytest.mark.parametrize("name", GRIDS)
def test_any_table_can_be_made_in_part(name: str) -> None:
    whole = table(name)
    last = next(column for column in reversed(whole.columns) if column.tuned_on in (None, column.label))
    row = next(row for row in reversed(whole.rows) if row.only in (None, last.label))
    part = Selection(rows=(row.label,), columns=(last.label,)).of(whole)
    assert set(labels(part)[0]) <= {row.label, whole.reference, row.control_of}
    assert labels(part)[1] == [last.label] and part.title == whole.title and part.protocol == whole.protocol
    cells = whole.cells()
    assert all(specs == cells[place] for place, specs in part.cells().items())


def test_a_row_for_a_column_that_is_left_out_is_refused_by_its_name() -> None:
    whole = table("benchmark-stages")
    (row,) = [row for row in whole.rows if row.label.endswith("BYOL up to conv1")]
    told = 'the row "BYOL up to conv1" is for the column "TXC" alone. Select that column too.'
    with pytest.raises(UsageError, match=told):
        Selection(rows=(row.label,), columns=(whole.columns[-1].label,)).of(whole)


def test_an_added_row_stands_below_the_others_whose_runs_stay() -> None:
    whole = table()
    more = Selection(added=("Mine = gabor", "random on resnet18 by head")).of(whole)
    assert labels(more)[0] == [*labels(whole)[0], "Mine", "Random on ResNet-18 by head"]
    assert dataclasses.replace(more, rows=whole.rows) == whole
    assert more.rows[-1].adaptation == "head" and more.rows[-1].backbone == "resnet18(in_channels=3)"
    cells = more.cells()
    assert all(specs == cells[place] for place, specs in whole.cells().items())


def test_a_network_that_takes_one_size_has_its_images_brought_to_it() -> None:
    more = Selection(added=('ViT = random on timm("vit_tiny_patch16_224")',)).of(table())
    assert more.rows[-1].image_size == 224


def test_labels_are_found_whatever_their_case_and_the_reference_and_controlled_rows_are_kept() -> None:
    whole = table()
    both = dataclasses.replace(whole, rows=(*whole.rows, control(whole.rows[1])))
    part = Selection(rows=("FRACTALS, other seeds",), columns=("txc",)).of(both)
    assert labels(part) == (["Scratch", "fractals", "fractals, other seeds"], ["TXC"])


def test_of_labels_that_differ_by_case_alone_the_one_that_is_written_is_meant() -> None:
    whole = table()
    both = dataclasses.replace(whole, rows=(*whole.rows, Row("FRACTALS", "gabor")))
    assert labels(Selection(rows=("fractals",)).of(both))[0] == ["Scratch", "fractals"]
    assert labels(Selection(rows=("FRACTALS",)).of(both))[0] == ["Scratch", "FRACTALS"]


def test_rows_of_columns_that_are_left_out_are_left_out() -> None:
    whole = table()
    one = dataclasses.replace(whole, rows=(*whole.rows, Row("alone", "gabor", only="TXC")))
    assert "alone" in labels(Selection(columns=("TXC",)).of(one))[0]
    assert "alone" not in labels(Selection(columns=("DXC5",)).of(one))[0]


def test_what_was_selected_is_said() -> None:
    made = Selection(added=("Mine = gabor",), rows=("fractals",), columns=("TXC", "DXC5"))
    assert made.remarks == (
        ("a row was added", "Mine = gabor"),
        ("a part of the table", "rows fractals and columns TXC, DXC5; corrections are over what is shown"),
    )
    assert EVERYTHING.remarks == ()


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(rows=("fractal",)), 'unknown row of this table: "fractal". Did you mean "fractals"'),
        (Selection(columns=("DXC",)), 'unknown column of this table: "DXC"'),
        (Selection(added=("fractals = gabor",)), "the table would have fractals more than once"),
        (Selection(added=("gabor", "gabor")), "the table would have Gabor more than once"),
        (Selection(added=("A = gaborr",)), 'unknown initializer "gaborr"'),
    ],
)
def test_what_a_table_cannot_have_is_refused(selection: Selection, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        selection.of(table())


def test_a_column_whose_rates_are_picked_in_another_one_needs_it() -> None:
    whole = table()
    first = whole.columns[0].label
    columns = (whole.columns[0], dataclasses.replace(whole.columns[1], tuned_on=first))
    tuned = dataclasses.replace(whole, columns=columns)
    with pytest.raises(UsageError, match=f'picked on the validation images of "{first}"'):
        Selection(columns=(columns[1].label,)).of(tuned)
