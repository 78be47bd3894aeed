"""What is printed below a table is so of the very cells above it, in every format."""

from __future__ import annotations

import argparse
import dataclasses

import pytest

from analysis.decision import Rules
from experiments.cli.commands import compare
from experiments.reporting.blocks.effort import CellEffort, RunEfforts
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.tables.document import Cell, CellKey, RunLine, TableDocument
from tests.experiments.example_table import Page, document, terminal

ROWS, COLUMNS = ("start", "other"), ("A", "B")


def table(counts: dict[CellKey, int], **changes: object) -> TableDocument:
    """So many different scores in each cell; those that are not named have none."""
    cells = {
        (row, column): Cell(tuple(0.5 + 0.01 * number for number in range(counts.get((row, column), 0))))
        for row in ROWS
        for column in COLUMNS
    }
    made = document(
        rows=tuple((row, "random") for row in ROWS),
        columns=tuple((column, "auroc") for column in COLUMNS),
        cells=cells,
        parts=(),
        reference="start",
        seeds=6,
        runs=(),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def printed(made: TableDocument) -> dict[str, str]:
    """What each format says, its line breaks and escapes taken away."""
    texts = {
        "terminal": terminal(made, 100000),
        "Markdown": to_markdown(made).replace("\\", ""),
        "LaTeX": to_latex(made).replace("\\", ""),
        "page": Page(render("A report", [Illustrated(made)])).text,
    }
    return {name: " ".join(text.split()) for name, text in texts.items()}


def everywhere(made: TableDocument, text: str) -> bool:
    return all(text in said for said in printed(made).values())


def nowhere(made: TableDocument, text: str) -> bool:
    return all(text not in said for said in printed(made).values())


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((6, 6, 6, 6), "over 6 seeds"),
        ((6, 6, 2, 6), "over 6 seeds (2 to 6 on A)"),
        ((6, 0, 2, 0), "over 2 to 6 seeds"),
        ((6, 3, 6, 3), "over 6 seeds (3 on B)"),
        ((1, 1, 2, 1), "over 1 seed (1 to 2 on A); of a single seed there is no spread"),
        ((1, 1, 1, 1), "each of one seed, so that no spread is shown"),
        ((0, 0, 0, 0), "No cell has a score."),
    ],
)
def test_a_table_says_how_many_runs_its_means_are_of_whatever_was_planned(counts: tuple[int, ...], text: str) -> None:
    places = [(row, column) for row in ROWS for column in COLUMNS]
    made = table(dict(zip(places, counts, strict=True)))
    assert everywhere(made, text)
    if 6 not in counts:
        assert nowhere(made, "6 seeds")
    if max(counts) < 2:
        assert nowhere(made, "standard deviation (ddof 1)")


def test_runs_of_folds_are_no_seeds() -> None:
    run = RunLine("k" * 64, "start", "A", 0, 0.5, 1.0, 3, spec={"dataset": "drive", "fold": "1/3"})
    made = table({("start", "A"): 6, ("other", "A"): 6}, runs=(run,))
    assert everywhere(made, "over 6 runs")
    assert nowhere(made, "6 seeds")


def test_marks_are_explained_where_something_was_tested_and_else_why_not() -> None:
    tested = table(dict.fromkeys([(row, "A") for row in ROWS], 3))
    assert everywhere(tested, "No mark: no difference shown, which does not mean equal")
    for counts, why in (
        ({("start", "A"): 1, ("other", "A"): 1}, "a test needs at least two runs on each side"),
        ({("other", "A"): 3}, "the reference has no runs"),
        ({("start", "A"): 3}, "no other row has scores"),
    ):
        made = table(counts)
        assert everywhere(made, why), why
        assert nowhere(made, "No mark: no difference shown")
        assert nowhere(made, "pooled variance")
    papers = table({("start", "A"): 1, ("other", "A"): 1}, marks="paper")
    assert nowhere(papers, "not significantly different")
    assert everywhere(papers, "No row is marked")


def test_intervals_are_explained_only_where_they_stand_and_stand_where_they_are_explained() -> None:
    made = table(dict.fromkeys([(row, "A") for row in ROWS], 3))
    assert nowhere(made, "Intervals")
    shown = dataclasses.replace(made, cells=made.cells | {("other", "A"): Cell((0.5, 0.6), interval=(0.4321, 0.6789))})
    for name, text in printed(shown).items():
        assert "Intervals hold the mean" in text, name
        assert "43.21 to 67.89" in text, name
    many = {(f"row {number}", "A"): Cell((0.5, 0.6), interval=(0.4, 0.7)) for number in range(20)}
    cells = shown.cells | many | {(row, "B"): Cell(()) for row, _ in many}
    wide = dataclasses.replace(shown, cells=cells, rows=(*made.rows, *((row, "random") for row, _ in many)))
    for name, text in printed(wide).items():
        assert "in example.csv and on the page" in text, name
        assert ("43.21 to 67.89" in text) == (name == "page"), name


def test_the_effort_is_a_mean_over_as_many_tasks_as_it_says() -> None:
    effort = CellEffort(epochs=(3.0,), seconds=(1.0,))
    every = [(row, column) for row in ROWS for column in COLUMNS]
    made = table(dict.fromkeys(every, 3))
    for places, text in ((every, "ffort, mean over 2 columns"), (every[:1] + every[2:3], "ffort on A")):
        found = printed(made.with_part(RunEfforts(dict.fromkeys(places, effort))))
        assert all(text in found[name] for name in ("terminal", "Markdown")), text


def test_a_control_has_a_mark_only_where_it_was_tested() -> None:
    made = table({("start", "A"): 1, ("other", "A"): 1}, controls={"other": "start"})
    assert everywhere(made, '"other" is "start" once more, with other seeds')
    assert nowhere(made, "a mark on it is chance")


def test_pretrainings_have_the_seeds_that_are_said() -> None:
    run = RunLine("k" * 64, "pretraining", "A", 7, None, 1.0, 3, spec={"dataset": "drive", "stage": "pretrain"})
    made = table({("start", "A"): 2}, runs=(run,))
    assert everywhere(made, "Every pretraining ran once, with seed 7")
    assert nowhere(made, "with seed 0")


def test_the_help_of_compare_says_that_test_scores_are_looked_at_several_times() -> None:
    looks = Rules().looks
    said = " ".join((compare.__doc__ or "").split())
    assert f"{', '.join(map(str, looks[:-1]))} and {looks[-1]} runs" in said
    parser = argparse.ArgumentParser()
    compare.add_arguments(parser)
    assert "tested on once" not in " ".join(parser.format_help().split())
