"""Rows of equal means at the top of a column: each format marks them all, and sentences speak of them all."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import pytest

from experiments.reporting.blocks.answers import answer
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.json_format import to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.phrases import listed
from experiments.tables.document import Cell, TableDocument
from tests.experiments.example_table import document, terminal

PERFECT = (1.0, 1.0, 1.0)


def table(metric: str = "auroc", **scores: tuple[float, ...]) -> TableDocument:
    """Rows on one column, the first as the reference."""
    rows = tuple((row, row) for row in scores)
    cells = {(row, "T"): Cell(values) for row, values in scores.items()}
    measured = {"T": "similarity"} if metric == "CCA" else {}
    return document(
        measured=measured,
        rows=rows,
        columns=(("T", metric),),
        cells=cells,
        reference=rows[0][0],
        parts=(),
        runs=(),
        title="Ties",
    )


TIED = table(low=(0.5, 0.6, 0.7), a=PERFECT, b=PERFECT, between=(0.9, 0.95, 0.99), c=PERFECT)


def test_every_format_marks_each_of_them() -> None:
    best = {"low": False, "a": True, "b": True, "between": False, "c": True}
    assert {row: TIED.is_best((row, "T")) for row in best} == best
    assert terminal(TIED).count("*100.00 ± 0.00") == 3
    assert to_markdown(TIED).count("**100.00 ± 0.00**") == 3
    assert to_latex(TIED).count(r"\bfseries 100.00 \pm 0.00") == 3
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
    one, two = (answer(table("CCA", **worse, **more), "T").text for more in ({"x": wide}, {"x": wide, "y": wide}))
    assert one.endswith("The highest mean is that of x, which is not shown to differ.")
    assert two.endswith("The highest mean is that of x and y, which are not shown to differ.")
    beside = answer(table("CCA", **worse, sure=(0.79, 0.8, 0.81), x=(0.65, 0.8, 0.95)), "T").text
    assert beside.startswith("sure (+9.00 points")
    assert beside.endswith("The highest mean is also that of x, which is not shown to differ.")
    assert "highest" not in answer(table("CCA", base=wide, x=wide, low=(0.1, 0.11, 0.12)), "T").text


@pytest.mark.parametrize(
    ("names", "text"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcde", "a, b, c and 2 more"), ("", "")],
)
def test_names_are_listed_up_to_three(names: str, text: str) -> None:
    assert listed(list(names)) == text
