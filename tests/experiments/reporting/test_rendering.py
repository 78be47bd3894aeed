"""A finished table in every format: the same numbers, nothing unexplained, nothing that needs a network."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower

from experiments.reporting.blocks.effort import CellEffort, RunEfforts
from experiments.reporting.blocks.equivalence import EquivalenceMargin, equivalent
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import to_plain
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.run.record_views import epochs_to_converge, validation_scores
from experiments.run.store import Record
from experiments.tables.document import Cell
from experiments.tables.figure import Figure
from tests.experiments.example_table import SCORES, blocks, document, lines, notes, terminal


def test_csv_holds_every_cell_with_its_statistics() -> None:
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(document())))}
    assert len(rows) == 6
    for place, values in SCORES.items():
        assert float(rows[place]["mean"]) == np.mean(values)
        assert float(rows[place]["std"]) == np.std(values, ddof=1)
        assert rows[place]["n"] == "3"
    good = rows["good | *best*", "A_1 <50%> & more"]
    assert (good["mark"], good["best"]) == ("better", "1")
    assert float(good["p"]) < float(good["p_holm"]) < 0.05
    assert rows["gone", "A_1 <50%> & more"]["missing"] == "the source is the target"
    assert rows["gone", "A_1 <50%> & more"]["mean"] == ""


def test_markdown_has_three_cells_in_every_line_of_its_table() -> None:
    lines = [line for line in to_markdown(document()).splitlines() if line.startswith("|")][:5]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines)
    assert any("**61.00 ± 1.00** ▲" in line for line in lines)


def test_the_terminal_shows_the_table_at_any_width_and_in_plain_characters() -> None:
    for width in (80, 120):
        assert "*61.00 ± 1.00 ▲" in terminal(document(), width)
    plain = terminal(document(), 100, "ascii")
    assert "*61.00 +/- 1.00 +" in plain
    assert plain.isascii()


FORMATS = {
    "terminal": terminal,
    "markdown": to_markdown,
    "latex": to_latex,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_explains_missing_cells_spread_and_marks(name: str) -> None:
    text = re.sub(r"[\s\\]+", " ", FORMATS[name](document()))
    for words in (
        "the source is the target",
        "disk full",
        "ddof 1",
        "Holm",
        "does not mean equal",
        "Smallest difference",
    ):
        assert words in text, words


def unescaped(text: str) -> str:
    """A format's text without the backslashes that it needs, in one line."""
    return re.sub(r"\s+", " ", text.replace("\\", ""))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_of_which_test_the_smallest_difference_is(name: str) -> None:
    text = unescaped(FORMATS[name](document()))
    assert re.search(
        r'Smallest difference from the row "random" that this number of runs would show with 80% power or more after '
        r"Holm's correction, in points: A.* [\d.]+; B [\d.]+\. It is found at the level of the correction's first "
        r"step, 5% / 2 tests = 0\.025, below those of later steps",
        text,
    )


def test_the_smallest_difference_is_given_with_what_it_was_corrected_for() -> None:
    made = document()
    plain = to_plain(made)
    assert plain["correction"] == {
        "method": "holm", "tests": 2, "level": 0.05, "level_of_first_step": 0.025, "power_of_detectable": 0.8,
    }  # fmt: skip
    cells = {(cell["row"], cell["column"]): cell["statistics"] for cell in plain["cells"]}
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(made)))}
    for place in (("good | *best*", "A_1 <50%> & more"), ("good | *best*", "B")):
        values, base = SCORES[place], SCORES["random", place[1]]
        pooled = np.sqrt((np.var(values, ddof=1) + np.var(base, ddof=1)) / 2)
        expected = pooled * np.squeeze(TTestIndPower().solve_power(nobs1=3, alpha=0.025, power=0.8))
        assert cells[place]["detectable"] == pytest.approx(expected, rel=1e-4)
        assert float(rows[place]["smallest_detectable_difference_holm"]) == cells[place]["detectable"]
    untested = document(cells={place: Cell(cell.values[:1]) for place, cell in made.cells.items()})
    assert to_plain(untested)["correction"]["level_of_first_step"] is None
    assert not [note for note in notes(untested) if "Smallest difference" in note]


def test_further_scores_are_in_the_long_table_too() -> None:
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(document())))}
    assert rows["random", "B"]["Dice at native size: mean"] == "0.8"
    assert rows["random", "B"]["Dice at native size: std"] == ""  # a single score
    assert rows["gone", "A_1 <50%> & more"]["Dice at native size: mean"] == ""


def test_ranks_are_tested_by_iman_and_davenports_form() -> None:
    """Three rows on two columns that rank them alike: of the 36 ways to rank, 6 agree."""
    rows = tuple((row, "random") for row in ("low", "middle", "high"))
    cells = {(row, column): Cell((0.5 + 0.1 * at,)) for at, (row, _) in enumerate(rows) for column in ("A", "B")}
    made = document(
        rows=rows, columns=(("A", "auroc"), ("B", "auroc")), cells=cells, parts=(), reference="low",
        figure=Figure(ranks=True),
    )  # fmt: skip
    (block,) = blocks(made, "ranks")
    (note,) = block.notes
    assert [(line.name, line.entries[0].text) for line in block.lines] == [
        ("high", "1.00"), ("middle", "2.00"), ("low", "3.00"),
    ]  # fmt: skip
    assert note.startswith(
        "Mean ranks over 2 columns: Friedman's test in Iman and Davenport's form, p = 0.17; two rows"
    )
    assert "differ if their mean ranks do by more than 2.34 (Nemenyi, 5%)" in note


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_is_pooled(name: str) -> None:
    made = document(columns=(("A_1 <50%> & more", "auroc"), ("B", "dice_pooled")))
    text = unescaped(FORMATS[name](made))
    assert "dice_pooled (B): one Dice coefficient of all pixels of the test images together" in text
    assert "all pixels of the test images" not in unescaped(FORMATS[name](document()))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_the_data_are(name: str) -> None:
    assert "ynthetic (phantom) data" in FORMATS[name](document())
    real = FORMATS[name](document(edition="real"))
    assert "ynthetic" not in real
    assert "real data" in re.sub(r"\s+", " ", real)


def test_the_papers_marking_is_an_option() -> None:
    text = to_markdown(document(marks="paper"))
    assert "81.00 ± 1.00 †" in text
    assert "▲" not in text
    assert "as the papers mark" in text


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = ({path.name: path.read_bytes() for path in write_all(document(), tmp_path / name)} for name in "ab")
    assert first == second
    drawn = {f"example-differences.{ending}" for ending in ("png", "svg", "pdf", "csv")}
    assert set(first) == {f"example.{ending}" for ending in ("csv", "tex", "md", "json")} | drawn
    cells = json.loads(first["example.json"])["cells"]
    assert len(cells) == 6


def test_the_test_is_chosen_and_named() -> None:
    assert "independent t-test with pooled variance, two-sided" in " ".join(notes(document()))
    welch = document(test="welch", alternative="greater")
    assert "Welch's independent t-test, one-sided for better rows" in " ".join(notes(welch))
    place = ("good | *best*", "A_1 <50%> & more")
    found = {test: document(test=test).comparison.cells[place].p_value for test in ("student", "welch", "paired")}
    assert found["student"] == pytest.approx(found["welch"])  # equal spreads and sizes
    assert found["paired"] is None  # every difference is the same, so nothing can be tested


def test_an_incomplete_cell_is_not_paired() -> None:
    made = document(test="paired")
    cells = made.cells | {("good | *best*", "B"): Cell((0.8, 0.83), "seed 1 failed")}
    cells |= {("random", "B"): Cell((0.8, 0.82), "seed 0 failed")}
    assert dataclasses.replace(made, cells=cells).result(("good | *best*", "B")) is None


def test_equivalence_is_said_to_whoever_asks() -> None:
    assert not [note for note in notes(document()) if "equivalent" in note]
    wide, narrow = (document(parts=(EquivalenceMargin(margin),)) for margin in (5.0, 0.5))
    assert equivalent(wide, 5.0) == (("good | *best*", "B"),)
    assert equivalent(narrow, 0.5) == ()
    assert "within ± 5 points (two one-sided t-tests, uncorrected): good | *best* on B." in " ".join(notes(wide))
    assert "uncorrected): none." in " ".join(notes(narrow))


def test_effort_is_compared_over_the_columns_that_all_rows_have() -> None:
    made = document()
    assert lines(made, "effort") == []
    efforts = {(row, "B"): CellEffort((2.0, 4.0), (10.0, 20.0)) for row, _ in made.rows}
    efforts |= {("random", "A_1 <50%> & more"): CellEffort((90.0,), (900.0,))}
    made = made.with_part(RunEfforts(efforts))
    assert lines(made, "effort")[1:] == [(row, "3.0", "15.0") for row, _ in made.rows]
    on_gpu = {place: dataclasses.replace(effort, gpu_hours=1.5) for place, effort in efforts.items()}
    hours = made.with_part(RunEfforts(on_gpu))
    assert lines(hours, "effort")[1:] == [(row, "3.0", "15.0", "1.50") for row, _ in made.rows]
    assert "GPU-hours" in to_markdown(hours)
    assert "GPU-hours" not in to_markdown(made)
    assert "epochs to 95% of the best validation score" in to_markdown(made)
    assert "15.0" in terminal(made, width=160)
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    assert [row["epochs_to_95_percent"] for row in rows[:2]] == ["90.0", "3.0"]
    assert [row["seconds"] for row in rows[:2]] == ["900.0", "15.0"]


def test_convergence_is_the_first_epoch_with_95_percent_of_the_best_score(tmp_path: Path) -> None:
    def epochs(*scores: float | None) -> int | None:
        lines = [json.dumps({"epoch": number, "validation_metric": score}) for number, score in enumerate(scores)]
        (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
        return epochs_to_converge(validation_scores(Record(tmp_path, {})))

    assert epochs(0.5, 0.77, 0.76, 0.8, 0.7) == 2
    assert epochs(0.5, 0.75, 0.76, 0.8, 0.7) == 3
    assert epochs(None, 0.8) == 2
    assert epochs(None, None) is None
