"""A paper's statements in every format: each contrast with its means, difference and interval, first on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scipy import stats

from analysis.survival import Duration
from analysis.truth import Claim
from experiments.reporting.blocks.convergence import ConvergenceSteps
from experiments.reporting.blocks.statements import PaperStatements, examined_of, found_of
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.layout import missing
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import Cell, RunLine, TableDocument
from experiments.tables.stated import Stated
from specs.errors import DataError
from tests.experiments.example_table import Page, blocks, document, lines, terminal

FEW, MANY = "few <images>", "many images"
LOW, HIGH = (0.70, 0.72, 0.71, 0.69), (0.90, 0.91, 0.89, 0.92)
SCORES = {
    ("Random", FEW): LOW,
    ("Random", MANY): (0.95, 0.96),
    ("ImageNet", FEW): HIGH,
    ("ImageNet", MANY): (0.95, 0.9),
}
HELPS = Stated("Transfer helps.", "A paper, table 1", ((FEW, Claim("ImageNet", "better", "Random")),))
LITTLE = Stated(
    "Transfer gives little.",
    "A paper, abstract",
    ((FEW, Claim("ImageNet", "equal", "Random", 1)), (MANY, Claim("ImageNet", "equal", "Random", 1))),
)
SOONER = Stated("Transfer is faster.", "A paper, figure 1", ((FEW, Claim("ImageNet", "sooner", "Random")),))


def examined(*stated: Stated, **changes: object) -> TableDocument:
    given: dict[str, object] = {
        "name": "real",
        "edition": "real",
        "rows": (("Random", "random"), ("ImageNet", "imagenet")),
        "columns": ((FEW, "auroc"), (MANY, "auroc")),
        "cells": {place: Cell(values) for place, values in SCORES.items()},
        "reference": "Random",
        "parts": (PaperStatements(stated),),
        "seeds": 2,
        "column_seeds": {FEW: 4},
    }
    return document(**given | changes)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", Page(html).text)


def test_a_contrast_is_told_with_welchs_interval() -> None:
    (found,) = found_of(examined(HELPS))
    interval = stats.ttest_ind(HIGH, LOW, equal_var=False).confidence_interval(0.95)
    low, high = (f"{100 * end:+.2f}" for end in (interval.low, interval.high))
    (line,) = found.evidence
    assert line.asked == f"{FEW}: ImageNet is better than Random"
    assert line.found == f"20.00 points higher, 95 % interval {low} to {high} (90.50 beside 70.50)"
    assert (line.verdict, line.word, found.word) == ("recovered", "seen here", "seen here")


def test_contrasts_that_disagree_are_counted() -> None:
    (found,) = found_of(examined(LITTLE))
    assert [line.verdict for line in found.evidence] == ["wrong", "undecided"]
    assert found.word == "not settled in 1 and contradicted in 1 of 2"
    assert found.verdict == "undecided"


def test_holms_correction_is_over_the_contrasts_of_all_statements() -> None:
    alone = examined_of(examined(HELPS))[0].effects[0].judgement
    together = examined_of(examined(HELPS, LITTLE))[0].effects[0].judgement
    assert alone.p_for is not None
    assert alone.p_for == pytest.approx(stats.ttest_ind(HIGH, LOW, alternative="greater").pvalue)
    assert together.p_for == pytest.approx(3 * alone.p_for)


def test_steps_are_told_with_the_threshold_and_runs_that_never_reached_it() -> None:
    steps = {
        ("ImageNet", FEW): tuple(Duration(step, True) for step in (10, 20, 20, 30)),
        ("Random", FEW): (*(Duration(step, True) for step in (60, 80, 80)), Duration(140, False)),
    }
    made = examined(SOONER).with_part(ConvergenceSteps(steps, 0.85, {MANY: 0.5}))
    (line,) = found_of(made)[0].evidence
    assert line.asked == f"{FEW}: ImageNet reaches 85 % before Random"
    assert line.found.startswith("70 steps sooner, 95 % interval -")
    assert line.found.endswith(" (20 beside more than 90)")
    assert line.verdict == "recovered"  # 2 of the 70 ways to share out 8 runs, p = .029


def test_what_has_no_runs_is_not_settled() -> None:
    cells = {place: Cell(() if place[0] == "ImageNet" else values) for place, values in SCORES.items()}
    (found,) = found_of(examined(HELPS, cells=cells))
    assert (found.evidence[0].found, found.word) == ("no runs", "not settled here")


def test_the_page_begins_with_them() -> None:
    html = render("Real", [Illustrated(examined(HELPS, LITTLE))])
    text = words(html)
    assert text.index("Transfer helps.") < text.index("Transfer gives little.") < text.index("Scores")
    assert "A paper, abstract" in text
    assert "Of 2 statements, 1 seen here and 1 mixed." in text
    assert "of these tasks, networks and budgets alone" in text
    assert "<images>" not in html
    assert "A paper" not in words(render("Report", [Illustrated(document())]))


def test_terminal_markdown_and_latex_say_the_same() -> None:
    made = examined(HELPS)
    for text in (terminal(made, width=400), to_markdown(made).replace("\\", ""), to_latex(made).replace("\\", "")):
        assert "Transfer helps." in text
        assert "20.00 points higher, 95 % interval" in text
        assert "seen here" in text


def test_a_table_is_read_back_with_its_statements_seeds_and_thresholds(tmp_path: Path) -> None:
    made = examined(HELPS, LITTLE).with_part(ConvergenceSteps({}, 0.8, {MANY: 0.5}))
    file = tmp_path / "real.json"
    file.write_text(to_json(made), encoding="utf-8")
    found = read_table(file)
    assert (found.parts, found.column_seeds) == (made.parts, {FEW: 4})
    assert found_of(found) == found_of(made)


@pytest.mark.parametrize(
    "change", [[FEW, {"kind": "nicer"}], ["nowhere", {}], [FEW, {"than": "Nobody"}], [FEW, {"margin": -1}]]
)
def test_a_damaged_statement_is_refused(tmp_path: Path, change: tuple[str, dict[str, object]]) -> None:
    data = json.loads(to_json(examined(HELPS)))
    column, changed = change
    stated = data["parts"]["statements"]["stated"]
    stated[0]["contrasts"][0][0] = column
    stated[0]["contrasts"][0][1] |= changed
    file = tmp_path / "real.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_table(file)


def test_every_column_that_a_row_lacks_is_named() -> None:
    columns = tuple((f"task {number}", "auroc") for number in range(7))
    cells = {
        (row, column): Cell((0.5, 0.6) if row == "Random" else (), None if row == "Random" else "no weights")
        for row in ("Random", "ImageNet")
        for column, _ in columns
    }
    (note,) = missing(examined(columns=columns, cells=cells, column_seeds={}))
    assert note == "ImageNet on task 0; task 1; task 2; task 3; task 4; task 5; task 6: no weights"


def test_numbers_of_runs_that_differ_by_column_are_said() -> None:
    assert f"over 2 seeds (4 on {FEW})" in blocks(examined(HELPS), "spread")[0].notes[0]
    assert "over 3 seeds (1 to 3 on B);" in blocks(document(), "spread")[0].notes[0]


def test_thresholds_that_differ_by_column_are_said() -> None:
    steps = dict.fromkeys(SCORES, (Duration(10, True), Duration(20, True)))
    made = examined(parts=(ConvergenceSteps(steps, 0.8, {MANY: 0.5}),))
    assert lines(made, "convergence")[0][0] == f"Steps to a validation score of 80% ({MANY}: 50%)"


def run(**environment: object) -> RunLine:
    return RunLine("k" * 64, "Random", FEW, 0, 0.7, 1.0, 1, environment=environment)


def test_a_table_says_when_and_on_what_it_was_measured() -> None:
    cpu = {"device": "cpu x86_64", "cpu": "A 1000", "host": {"cores": 2}, "versions": {"torch": "2.9"}}
    gpu = {"device": "NVIDIA X", "cpu": "A 1000", "host": {"cores": 64}, "versions": {"torch": "2.9"}}
    lines = (run(date="2026-02-01", **cpu), run(date="2026-01-30", **cpu), run(**gpu))
    said = provenance(examined(runs=lines))
    assert said.endswith("Measured 2026-01-30 to 2026-02-01 on A 1000, 2 cores, torch 2.9 and NVIDIA X, torch 2.9.")
    assert provenance(examined(runs=lines[:1])).endswith("Measured 2026-02-01 on A 1000, 2 cores, torch 2.9.")
    assert "Measured" not in provenance(examined(runs=()))
