"""Rows of equal means at the top of a column: each format marks them all, and sentences speak of them all."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import pytest

from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.formats.plain import to_json
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.answer import answer
from experiments.reporting.text.recommendation import recommendation
from experiments.reporting.text.words import listed
from experiments.tables.document import Cell, TableDocument
from tests.experiments.example_table import document, terminal

PERFECT = (1.0, 1.0, 1.0)


def table(**scores: tuple[float, ...]) -> TableDocument:
    """Rows on one column, the first as the reference."""
    rows = tuple((row, row) for row in scores)
    cells = {(row, "T"): Cell(values) for row, values in scores.items()}
    return document(
        rows=rows, columns=(("T", "auroc"),), cells=cells, reference=rows[0][0], secondary={}, runs=(), title="Ties"
    )


TIED = table(low=(0.5, 0.6, 0.7), a=PERFECT, b=PERFECT, between=(0.9, 0.95, 0.99), c=PERFECT)


def test_every_format_marks_each_of_them() -> None:
    best = {"low": False, "a": True, "b": True, "between": False, "c": True}
    assert {row: TIED.is_best((row, "T")) for row in best} == best
    assert terminal(TIED).count("*100.00 ± 0.00") == 3
    assert to_markdown(TIED).count("**100.00 ± 0.00**") == 3
    assert to_latex(TIED).count(r"\textbf{100.00 $\pm$ 0.00}") == 3
    assert {cell["row"]: cell["best"] for cell in json.loads(to_json(TIED))["cells"]} == best
    assert {line["row"]: line["best"] == "1" for line in csv.DictReader(io.StringIO(to_csv(TIED)))} == best
    assert render("Ties", [Illustrated(TIED)]).count('<td class="best') == 3


def test_a_note_says_why_several_are_bold_where_there_are_several() -> None:
    said = "is bold (in plain text: *), several where their means are equal."
    assert said in " ".join(terminal(TIED, width=1000).split())
    assert "several" not in terminal(table(low=(0.5,), a=(1.0,)))


def test_the_papers_marking_calls_them_all_the_best() -> None:
    made = dataclasses.replace(TIED, marks="paper")
    assert [made.paper_marks[row, "T"] for row in "abc"] == ["best"] * 3
    assert [made.symbol((row, "T")) for row in "abc"] == [""] * 3


def test_one_of_them_is_shown_beside_the_reference_row() -> None:
    assert TIED.best_row("T") == "a"
    assert dataclasses.replace(TIED, reference="a").best_row("T") == "b"
    assert table(a=(0.9, 0.8), b=(0.5, 0.6)).best_row("T") == "a"
    assert table(a=(), b=()).best_row("T") is None


def test_the_answer_names_those_whose_difference_is_not_shown() -> None:
    wide = (0.6, 0.8, 1.0)
    worse = {"base": (0.7, 0.71, 0.72), "low": (0.1, 0.11, 0.12)}
    one, two = (answer(table(**worse, **more), "T").text for more in ({"x": wide}, {"x": wide, "y": wide}))
    assert one.endswith("The highest mean is that of x, which is not shown to differ.")
    assert two.endswith("The highest mean is that of x and y, which are not shown to differ.")
    beside = answer(table(**worse, sure=(0.79, 0.8, 0.81), x=(0.65, 0.8, 0.95)), "T").text
    assert beside.startswith("sure (+9.00 points")
    assert beside.endswith("The highest mean is also that of x, which is not shown to differ.")
    assert "highest" not in answer(table(base=wide, x=wide, low=(0.1, 0.11, 0.12)), "T").text


def test_the_recommendation_speaks_of_them_all() -> None:
    first = {"base": 0.5, "x": 0.5}
    sure, wide = (0.79, 0.8, 0.81), (0.65, 0.8, 0.95)
    stay = recommendation(table(base=sure, x=wide), "T", first)[0]
    assert stay == 'Stay with "base": its mean is the highest, 80.00 ± 1.00. x has the same mean.'
    start = recommendation(table(base=(0.7, 0.71, 0.72), x=wide, y=sure, z=wide), "T", first)[0]
    assert start.startswith("Start from y: 80.00 ± 1.00 against 71.00 ± 1.00 from base, a difference of +9.00 points (")
    assert start.endswith(" after Holm's correction). x and z have the same mean.")
    open_ = recommendation(table(base=(0.7, 0.71, 0.72), x=wide, y=wide), "T", first)[0]
    assert open_ == (
        "x (80.00 ± 15.00) and y (80.00 ± 15.00) have the highest mean, but are not shown to be better than base "
        "(71.00 ± 1.00); by these runs any of them will do."
    )
    alone = recommendation(table(base=(0.7, 0.71, 0.72), x=wide), "T", first)[0]
    assert alone.startswith("x has the highest mean, 80.00 ± 15.00, but is not shown")
    assert alone.endswith("either will do.")


@pytest.mark.parametrize(
    ("names", "text"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcde", "a, b, c and 2 more"), ("", "")],
)
def test_names_are_listed_up_to_three(names: str, text: str) -> None:
    assert listed(list(names)) == text
