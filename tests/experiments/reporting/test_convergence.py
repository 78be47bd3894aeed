"""Steps to a validation score: counted exactly, censored where it was not reached, shown and drawn alike everywhere."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from analysis.survival import Duration
from experiments.execution.planner import plan
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import gathered
from experiments.reporting.blocks.convergence import ConvergenceSteps, steps_of
from experiments.reporting.blocks.learning_curves import draw_curves
from experiments.reporting.drawings.looks import COLORS
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.progress import silent
from experiments.run.record_views import steps_to, validation_scores
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import RunStore
from experiments.tables.build_document import build_document
from experiments.tables.document import RunLine, TableDocument
from experiments.tables.resolve_table import resolve_cells
from specs.errors import DataError, UsageError
from tests.experiments.example_table import Page, blocks, document, lines, notes, terminal
from tests.experiments.smoke import paths_in, table_of_runs

GOOD, FIRST = "good | *best*", "A_1 <50%> & more"
STEPS = {
    ("random", "B"): ((1500, True), (1000, True), (4000, False)),
    (GOOD, "B"): ((500, True), (1000, True), (1000, True)),
    ("gone", "B"): ((4000, False), (3000, False), (4000, True)),
    ("random", FIRST): ((40, False), (40, False), (40, False)),
}


def counted(seeds: int = 3, **changes: Any) -> TableDocument:
    """The example with a threshold, on B of up to 4000 steps, validated every 500."""
    steps = {place: tuple(Duration(float(time), reached) for time, reached in of) for place, of in STEPS.items()}
    runs = tuple(
        RunLine(
            f"{place}{seed}" * 9, *place, seed, 0.7, 1.0, 8,
            validation=tuple(0.5 + 0.05 * epoch + 0.02 * seed for epoch in range(8 - seed % 2)),
            steps=tuple(every * (epoch + 1) for epoch in range(8 - seed % 2)),
        )
        for place, every in ((("random", "B"), 500), ((GOOD, "B"), 500), (("random", FIRST), 5))
        for seed in range(seeds)
    )  # fmt: skip
    return document(**{"parts": (ConvergenceSteps(steps, 0.91),), "runs": runs, "seeds": seeds, **changes})


def drawn_steps(made: TableDocument) -> Any:
    """The drawing of the steps."""
    (block,) = blocks(made, "convergence")
    assert block.drawing is not None
    return block.drawing()


@pytest.mark.parametrize(
    ("threshold", "scores", "found"),
    [
        (0.75, (0.5, 0.7, 0.75, 0.6), Duration(30, True)),  # the threshold itself is reached
        (0.75, (0.8, 0.7, 0.75, 0.6), Duration(10, True)),  # what came later is of no matter
        (0.75, (None, 0.7, None, 0.9), Duration(40, True)),
        (0.75, (0.5, 0.7, 0.7499), Duration(30, False)),  # stopped early
        (0.75, (None, None, None, None), Duration(40, False)),
        (0.0, (0.0,), Duration(10, True)),
    ],
)
def test_the_first_validation_of_the_threshold_counts_or_else_the_last_one_censors(
    threshold: float, scores: tuple[float | None, ...], found: Duration
) -> None:
    assert steps_to(threshold, scores, (10, 20, 30, 40)[: len(scores)]) == found


def test_a_cell_says_the_median_and_how_many_runs_reached_it() -> None:
    head, *rows = lines(counted(), "convergence")
    assert head == ("Steps to a validation score of 91%", FIRST, "B")
    assert rows == [
        ("random", "> 40 (0 of 3)", "1,500 (2 of 3)"),
        (GOOD, "-", "1,000 (3 of 3)"),
        ("gone", "-", "> 3,000 (1 of 3)"),
    ]


def test_a_table_without_a_threshold_says_nothing_of_steps() -> None:
    made = counted(parts=())
    assert blocks(made, "convergence") == []
    for text in (to_markdown(made), to_latex(made), terminal(made), render("A report", [Illustrated(made)])):
        assert "validation score of" not in text


@pytest.mark.parametrize("form", ["markdown", "latex", "terminal", "page"])
def test_every_format_shows_and_explains_the_steps(form: str) -> None:
    made = counted()
    text = {
        "markdown": lambda: re.sub(r"\\", "", to_markdown(made)),
        "latex": lambda: to_latex(made).replace(r"\textgreater{}", ">").replace(r"\textless{}", "<").replace("\\", ""),
        "terminal": lambda: terminal(made, 160),
        "page": lambda: Page(render("A report", [Illustrated(made)])).text,
    }[form]()
    text = re.sub(r"\s+", " ", text)
    for told in ("1,500 (2 of 3)", "1,000 (3 of 3)", "> 3,000 (1 of 3)", "> 40 (0 of 3)"):
        assert told in text, told
    assert re.search("[Ss]teps to a validation score of 91%", text)
    assert f"the same for all rows of a column: {FIRST} 5; B 500." in text
    assert "whose p is 0.1 at least with 3 runs a row" in text


def test_rows_that_get_there_sooner_or_later_are_named() -> None:
    fast, slow = (tuple(Duration(float(start + 500 * i), True) for i in range(6)) for start in (500, 9000))
    steps = {("random", "B"): slow, (GOOD, "B"): fast, ("gone", "B"): slow}
    made = counted(seeds=6, parts=(ConvergenceSteps(steps, 0.91),))
    (said,) = [note for note in notes(made) if note.startswith("Steps beside")]
    assert said.endswith(f"sooner: {GOOD} on B (p = 0.0043); later: none.")  # 2 of 924 ways, twice for two tests
    turned = dataclasses.replace(made, reference=GOOD)
    (said,) = [note for note in notes(turned) if note.startswith("Steps beside")]
    assert said.endswith("sooner: none; later: random on B (p = 0.0043), gone on B (p = 0.0043).")


def test_csv_holds_the_median_the_runs_and_the_test() -> None:
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(counted())))}
    names = ("steps_to_threshold", "threshold_reached", "threshold_runs")
    assert [rows["random", "B"][name] for name in names] == ["1500.0", "2", "3"]
    assert [rows["gone", "B"][name] for name in names] == ["", "1", "3"]
    assert [rows["gone", FIRST][name] for name in names] == ["", "", ""]
    assert 0.1 <= float(rows[GOOD, "B"]["threshold_p"]) <= float(rows[GOOD, "B"]["threshold_p_holm"]) <= 1
    assert rows["random", "B"]["threshold_p"] == ""


def test_the_page_sorts_what_was_not_reached_behind_all_that_was() -> None:
    text = render("A report", [Illustrated(counted())])
    values = re.findall(r'data-value="([^"]*)">(?:&gt; )?[\d,]+ \(\d of 3\)', text)
    assert values == ["Infinity", "1500.0", "1000.0", "Infinity"]


def test_steps_survive_the_tables_file(tmp_path: Path) -> None:
    made = counted()
    write_all(made, tmp_path)
    assert read_table(tmp_path / "example.json") == made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 91}, r"threshold 91.0 is not in \[0, 1\]"),
        ({"threshold": "high"}, "threshold is 'high', expected a finite number"),
        ({"steps": [{"time": 3.0, "reached": "no"}]}, "reached is 'no', expected true or false"),
        ({"steps": [{"time": "late", "reached": True}]}, "time is 'late', expected a finite number"),
        ({"steps": [500]}, "TypeError"),
        ({"run_steps": [500, 1000]}, "expected a step of each of 8 validations, found 2"),
    ],
)
def test_steps_that_do_not_fit_are_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    data = json.loads(to_json(counted()))
    part = data["parts"]["convergence"]
    if "steps" in change:
        part["steps"][0]["value"] = change["steps"]
    elif "run_steps" in change:
        data["runs"][0]["steps"] = change["run_steps"]
    else:
        part |= change
    (tmp_path / "damaged.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match=rf"cannot be read as a table.*{message}"):
        read_table(tmp_path / "damaged.json")


def test_a_threshold_is_a_score() -> None:
    with pytest.raises(UsageError, match=r"has the threshold 91; expected a validation score in \[0, 1\]"):
        dataclasses.replace(table_of_runs("initializations"), threshold=91)


def test_curves_are_over_training_steps_with_a_line_at_the_threshold() -> None:
    made = counted()
    drawing = draw_curves(made)
    assert drawing is not None
    panels = {axes.get_title(): axes for axes in drawing.axes}
    axes = panels["B (dice)"]
    assert axes.get_xlabel() == "training step"
    level, curves = axes.lines[-1], axes.lines[:-1]
    assert list(level.get_ydata()) == pytest.approx([91, 91])
    assert [list(curve.get_xdata()) for curve in curves[:2]] == [
        list(range(500, 4001, 500)),
        list(range(500, 3501, 500)),
    ]
    assert [curve.get_ydata()[0] for curve in curves] == pytest.approx([50, 52, 54] * 2)
    assert not axes.collections  # each run is drawn itself
    (legend,) = drawing.legends
    assert "91%" in [text.get_text() for text in legend.get_texts()]


def test_of_many_runs_curves_are_a_mean_within_one_standard_deviation() -> None:
    drawing = draw_curves(counted(seeds=4))
    assert drawing is not None
    (axes,) = [axes for axes in drawing.axes if axes.get_title() == "B (dice)"]
    mean, band = axes.lines[0], axes.collections[0]
    assert mean.get_ydata()[0] == pytest.approx(np.mean([50, 52, 54, 56]))
    assert mean.get_ydata()[-1] == pytest.approx(np.mean([85, 89]))  # of the two runs that came so far
    corners = band.get_paths()[0].vertices
    for step, scores in ((500, [50, 52, 54, 56]), (4000, [85, 89])):
        at = corners[corners[:, 0] == step, 1]
        assert (at.min(), at.max()) == pytest.approx(
            (np.mean(scores) - np.std(scores, ddof=1), np.mean(scores) + np.std(scores, ddof=1))
        )
    assert "mean ± standard deviation over the runs that came so far" in str(drawing.get_suptitle()).replace("\n", " ")


def test_runs_that_do_not_say_their_steps_are_drawn_by_epoch() -> None:
    made = counted()
    made = dataclasses.replace(made, runs=tuple(dataclasses.replace(one, steps=()) for one in made.runs), parts=())
    drawing = draw_curves(made)
    assert drawing is not None
    assert {axes.get_xlabel() for axes in drawing.axes} == {"epoch"}
    assert list(drawing.axes[1].lines[0].get_xdata()) == list(range(1, 9))
    assert len(drawing.axes[1].lines) == 6


def test_the_drawing_of_steps_has_every_run_open_where_censored_and_the_median() -> None:
    drawing = drawn_steps(counted())
    assert [axes.get_title() for axes in drawing.axes] == [FIRST, "B"]
    axes = drawing.axes[1]
    runs = [(line.get_xdata()[0], line.get_fillstyle() == "full") for line in axes.lines]
    assert runs == [one for place in (("random", "B"), (GOOD, "B"), ("gone", "B")) for one in STEPS[place]]
    heights = [round(line.get_ydata()[0]) for line in axes.lines]
    assert heights == [0] * 3 + [-1] * 3 + [-2] * 3
    assert len({line.get_ydata()[0] for line in axes.lines}) == 9  # none hides another
    assert len([text for text in axes.texts if text.arrow_patch is not None]) == 3
    medians = [(lines.get_segments()[0][0][0], to_hex(lines.get_color()[0])) for lines in axes.collections]
    assert medians == [(1500, COLORS[0].lower()), (1000, COLORS[1].lower())]
    assert {"1,500 (2 of 3)", "1,000 (3 of 3)", "> 3,000 (1 of 3)"} <= {text.get_text() for text in axes.texts}
    assert [text.get_text() for text in drawing.axes[0].get_yticklabels()] == ["random", GOOD, "gone"]


def test_both_drawings_are_files_of_the_table(tmp_path: Path) -> None:
    names = {path.name for path in write_all(counted(), tmp_path)}
    assert {f"example-{what}.{kind}" for what in ("curves", "steps") for kind in ("png", "svg")} <= names
    with Image.open(tmp_path / "example-steps.png") as image:
        assert len(image.getcolors(2**24) or []) > 20


def test_a_tables_steps_are_those_of_its_runs(tmp_path: Path) -> None:
    table = table_of_runs("initializations", "smoke")
    (column,) = table.columns
    recipe = dataclasses.replace(column.recipe, interval=2, epochs=4, early_stopping=None)
    table = dataclasses.replace(table, rows=table.rows[:1], columns=(dataclasses.replace(column, recipe=recipe),))
    where = paths_in(tmp_path)
    resolver = Resolver(where)
    store, cells = RunStore(where.runs), resolve_cells(table, resolver).runs
    ((place, runs),) = cells.items()
    assert not isinstance(runs, str)
    scores = [validation_scores(run(one.spec, where)) for one in runs]
    highest = max(score for of in scores for score in of if score is not None)

    def steps(threshold: float | None) -> list[Duration]:
        asked = dataclasses.replace(table, threshold=threshold)
        made = build_document("it", asked, cells, plan(runs, store), store, "reference")
        assert [line.steps for line in made.runs] == [(2, 4, 6, 8), (2, 4, 6, 8)]
        records = {one.key: record for one in runs if (record := store.record(one.key))}
        gathering = Gathering(
            table=asked, cells={place: runs}, records=records, resolver=resolver, paths=where, told=lambda _: silent
        )  # fmt: skip
        return list(steps_of(dataclasses.replace(made, parts=gathered(gathering)), place))

    assert steps(None) == []
    assert steps(0.0) == [Duration(2, True), Duration(2, True)]
    first = [2 * (of.index(highest) + 1) if highest in of else None for of in scores]
    assert steps(highest) == [Duration(8, False) if one is None else Duration(one, True) for one in first]
