"""Pictures of differences: the race against its margin, and the forest plot of any other table."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.reporting.blocks.comparison import draw_forest
from experiments.reporting.decided import Ahead, Decided
from experiments.reporting.drawings.intervals import Bar, edges
from experiments.reporting.drawings.race import draw_race
from experiments.reporting.formats.files import drawings_of, write_all
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.advice import advice
from experiments.tables.document import Cell
from experiments.tables.figure import Figure
from tests.experiments.example_race import (
    ALARM,
    EQUAL,
    LOOKED_BEFORE,
    NOTHING,
    OUTLIERS,
    REFUSED,
    SETTLED,
    UNDECIDED,
    UNRACED,
    race,
)
from tests.experiments.example_table import Page, document, unpacked

FIRST = "A_1 <50%> & more"


def panels(decided: Decided) -> Any:
    drawing = draw_race(race(decided), decided)
    assert drawing is not None
    return drawing.axes


def texts(axes: Any) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def test_both_readers_stand_side_by_side_with_the_leader_first_and_the_margin() -> None:
    these, new = panels(SETTLED)
    assert [axes.get_title().replace("\n", " ") for axes in (these, new)] == [
        "These images: start from ImageNet", "New patients: start from ImageNet",
    ]  # fmt: skip
    names = [label.get_text().replace("\n", " ") for label in these.get_yticklabels()]
    assert names == ["ImageNet leads, 3 runs", "SimCLR, 5 % of the images", "Random"]
    assert any(line.get_linestyle() == "--" and set(line.get_xdata()) == {1.0} for line in these.lines)
    assert these.get_xlim() == new.get_xlim()


def test_a_bar_goes_from_bound_to_bound() -> None:
    these, _ = panels(SETTLED)
    ahead = SETTLED.reading("these images").ahead["Random"]
    assert ahead.low is not None
    assert ahead.high is not None
    bars = [line.get_xdata() for line in these.lines if list(line.get_ydata()) == [-2, -2]]
    assert any(np.allclose(bar, [100 * ahead.low, 100 * ahead.high]) for bar in bars)
    assert f"{100 * ahead.estimate:+.2f} ({100 * ahead.low:.2f} to {100 * ahead.high:.2f})" in texts(these)


def test_rows_that_rested_are_gray_and_say_when() -> None:
    these, _ = panels(UNDECIDED)
    labels = {label.get_text().split("\n")[0]: label for label in these.get_yticklabels()}
    assert labels["Random"].get_text() == "Random\nrested at 3 runs"
    assert labels["Random"].get_color() == "0.45"
    assert labels["source 1"].get_color() != "0.45"


def test_what_goes_on_beyond_the_axis_ends_in_an_arrow() -> None:
    arrows = [[line.get_marker() for line in axes.lines].count("<") for axes in panels(OUTLIERS)]
    assert arrows == [1, 1]
    reading = SETTLED.readings[0]
    unbounded = dataclasses.replace(reading, ahead=dict(reading.ahead) | {"Random": Ahead(None, -0.1, -0.05)})
    these, _ = panels(dataclasses.replace(SETTLED, readings=(unbounded, SETTLED.readings[1])))
    assert [line.get_marker() for line in these.lines].count("<") == 1
    assert "-10.00 (up to -5.00)" in texts(these)


def test_a_reader_who_may_conclude_nothing_reads_why() -> None:
    _, new = panels(REFUSED)
    assert any("there are 12 test patients" in text for text in texts(new))
    assert draw_race(race(NOTHING), NOTHING) is None


def test_a_forest_plot_has_the_intervals_of_welchs_test() -> None:
    made = document()
    drawing = draw_forest(made)
    assert drawing is not None
    first, second = drawing.axes
    values = [made.cells[row, FIRST].values for row in ("good | *best*", "random")]
    interval = stats.ttest_ind(*values, equal_var=False).confidence_interval(0.95)
    assert texts(first)[0] == f"+10.00 ({100 * interval.low:.2f} to {100 * interval.high:.2f}) ▲"
    assert texts(first)[1] == "-"
    assert texts(second)[1] == "-11.00 (no bounds)"  # a single run


def test_a_forest_plot_is_of_tables_that_no_race_decided_with_few_columns() -> None:
    assert {ending for ending, _ in drawings_of(race(SETTLED))} == {"-race"}
    assert draw_forest(race(SETTLED, **UNRACED)) is not None
    assert draw_forest(document(figure=Figure(along=True))) is None
    single = {place: Cell(cell.values[:1]) for place, cell in document().cells.items()}
    assert draw_forest(document(cells=single)) is None
    many = tuple((f"c{number}", "auroc") for number in range(5))
    cells = {(row, column): Cell((0.5, 0.6)) for row, _ in document().rows for column, _ in many}
    assert draw_forest(document(columns=many, cells=cells, parts=())) is None


@pytest.mark.parametrize(
    ("bar", "text"),
    [
        (Bar(-3.0, -1.2, 0.4), "-1.20 (-3.00 to 0.40)"),
        (Bar(-np.inf, -1.2, 0.4), "-1.20 (up to 0.40)"),
        (Bar(-3.0, 0.5, np.inf), "+0.50 (-3.00 or more)"),
        (Bar(-np.inf, 0.5, np.inf), "+0.50 (no bounds)"),
    ],
)
def test_a_difference_says_the_bounds_that_it_has(bar: Bar, text: str) -> None:
    assert str(bar) == text


def test_an_axis_shows_what_is_asked_for_and_is_finite() -> None:
    low, high = edges([Bar(-np.inf, 0.0, np.inf)], (-1.5, 1.5))
    assert low < -1.5 < 1.5 < high < 10


def html(decided: Decided) -> str:
    return render("A race", [Illustrated(race(decided))])


def page(decided: Decided) -> Page:
    return Page(html(decided))


def test_the_page_shows_advice_picture_and_behind_a_click_method_rules_and_race() -> None:
    made = page(EQUAL)
    assert "Statistics against" not in made.text  # that the race alone answers
    text = re.sub(r"\s+", " ", made.text)
    for told in (*advice(EQUAL, "phantom"), "docs/decisions.md", "Margin", "1 of 2 made", EQUAL.analysis.digest):
        assert told in text
    (lines,) = [table for table in made.tables if table[0][1:3] == ["Learning rate", "Runs"]]
    assert lines[1][:5] == ["iNat2021", "0.001", "3", "90.05", "-"]
    assert lines[1][5] == "leads"
    assert html(EQUAL).count('<figure class="drawing') == 1
    assert sum("<svg" in text and "iNat2021" in text for text in unpacked(html(EQUAL))) == 1
    assert all(address.startswith(("data:", "#")) for address in made.fetched)


def test_the_page_promises_nothing_of_a_comparison_that_was_not_the_first_to_look() -> None:
    said = "nothing of this is promised of this comparison"
    assert said in page(LOOKED_BEFORE).text
    assert said not in page(EQUAL).text


def test_the_page_says_an_alarm_before_the_advice() -> None:
    text = render("A race", [Illustrated(race(ALARM))])
    assert text.index('<p class="warning">Alarm: ') < text.index('<div class="advice">')
    assert text.count("Alarm: ") == 1


def test_a_picture_that_a_table_has_no_more_does_not_stay_beside_its_new_numbers(tmp_path: Path) -> None:
    write_all(race(SETTLED, **UNRACED), tmp_path)
    assert {path.stem for path in tmp_path.glob("*.png")} == {"example-differences"}
    write_all(race(SETTLED), tmp_path)
    assert {path.stem for path in tmp_path.glob("*.png")} == {path.stem for path in tmp_path.glob("*.svg")}
    assert {path.stem for path in tmp_path.glob("*.png")} == {"example-race"}
