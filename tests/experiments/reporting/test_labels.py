"""How many labels a row needs, and until how many the start matters: words, numbers, every format, and the drawing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.annotation import Labels
from analysis.power_law import Band
from datamodules.dataset.counts import ClassCounts, Count, Counts, SplitCounts
from experiments.reporting.blocks.building.block import drawn_data
from experiments.reporting.blocks.counts import DatasetCounts
from experiments.reporting.blocks.labels import Nested, NestedFractions, forecast_held, panels_of
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.label_words import images, labels_text, reaching, until_alike
from experiments.tables.document import Cell, TableDocument
from specs.errors import DataError
from tests.experiments.example_table import Page, blocks, document, lines, notes, terminal

FRACTIONS = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
NUMBERS = (40, 100, 200, 500, 1000, 2000)
COLUMNS = tuple(f"{100 * fraction:g} %" for fraction in FRACTIONS)
ROWS = {"random": (0.9, 2.5, 0.5), "ImageNet": (0.93, 0.9, 0.5)}
INF = math.inf


def counts(number: int) -> Counts:
    """Of a training split of so many images."""
    few, some = Count(7, None), Count(number, None)
    classes = (ClassCounts("ill", few, few),)
    train, rest = SplitCounts(some, classes), SplitCounts(few, classes)
    return Counts("binary", ("ill",), {"train": train, "validation": rest, "test": rest})


def made(*, used: int = 6, drawn: bool = False, noise: float = 0.002, **changes: Any) -> TableDocument:
    """Two rows on the first so many fractions, five runs each around the laws of ``ROWS``."""
    rng, columns = np.random.default_rng(0), COLUMNS[:used]
    cells = {
        (row, column): Cell(tuple(limit - scale * number**-exponent + noise * rng.standard_normal(5)))
        for row, (limit, scale, exponent) in ROWS.items()
        for column, number in zip(COLUMNS, NUMBERS, strict=True)
        if column in columns
    }
    parts = (
        NestedFractions((Nested("Chests", columns, FRACTIONS[:used], drawn),)),
        DatasetCounts({column: counts(number) for column, number in zip(COLUMNS, NUMBERS, strict=True)}),
    )
    settings: dict[str, Any] = {
        "rows": (("random", "random"), ("ImageNet", "imagenet")),
        "columns": tuple((column, "auroc") for column in columns),
        "cells": cells,
        "parts": parts,
        "runs": (),
    }
    return document(**(settings | changes))


def said(made: TableDocument) -> list[str]:
    """The sentences of the block."""
    return [one.text for block in blocks(made, "labels") for one in block.said]


def test_the_labels_are_those_of_the_laws() -> None:
    """ImageNet has what random has with 2,000 images where 0.93 - 0.9 / sqrt(n) is that: with 110."""
    final = 0.9 - 2.5 * 2000**-0.5
    expected = (0.9 / (0.93 - final)) ** 2
    reach, alike = said(made())
    assert reach.startswith('"ImageNet" needs about 110 training images (95% interval ')
    assert reach.endswith(' for the score that "random" has with 2,000.')
    assert expected == pytest.approx(109.8, abs=0.1)
    assert "is shown to be more than 1 point with every number of images tried" in alike
    assert "with 2,000 it is +6." in alike
    heading, random, imagenet = lines(made(), "labels")
    assert heading[2:4] == ("images to reach the reference's", "images until within 1 point of it")
    assert random[2:4] == ("-", "-") and imagenet[2].startswith("110 (") and imagenet[3] == "more than 2,000"


def test_a_margin_of_the_users_own_is_taken() -> None:
    """The difference 0.03 + 1.6 / sqrt(n) falls to 10 points at 522 images."""
    one, part = made(), NestedFractions((Nested("Chests", COLUMNS, FRACTIONS, False),), margin=10.0)
    parts = (part, one.part(DatasetCounts))
    _, alike = said(made(parts=parts))
    assert "is no more than 10 points from about 5" in alike and alike.endswith(", up to 2,000.")


@pytest.mark.parametrize("form", ["markdown", "terminal", "page"])
def test_every_format_has_the_sentences_the_numbers_and_the_notes(form: str) -> None:
    of = made()
    text = {
        "markdown": lambda: to_markdown(of).replace("\\", ""),
        "terminal": lambda: " ".join(terminal(of, width=220).split()),
        "page": lambda: Page(render("A report", [Illustrated(of)])).text,
    }[form]()
    for sentence in [*said(of), "a power law with an offset", "images to reach the reference's", "came out"]:
        assert sentence in text


def test_the_largest_fraction_is_forecast_from_the_others_and_held_against_what_came_out() -> None:
    (_, panel), *_ = panels_of(made())
    for row in ROWS:
        found = forecast_held(panel, row)
        assert found is not None
        estimate, low, high, inside = found
        limit, scale, exponent = ROWS[row]
        assert low <= estimate <= high and inside
        assert low < limit - scale * 2000**-exponent < high
    assert lines(made(), "labels")[1][4].endswith(": inside")
    cells = dict(made().cells)
    cells["random", COLUMNS[-1]] = Cell((0.7,) * 5)
    assert lines(made(cells=cells), "labels")[1][4].endswith("came out 70.00: outside")
    assert lines(made(used=4), "labels")[1][4] == "-"  # four are needed for the curve


def test_without_all_images_the_score_with_them_is_called_a_forecast() -> None:
    heading, random, _ = lines(made(used=5), "labels")
    assert heading[1] == "score with all images" and random[1].endswith(" forecast")
    assert not lines(made(), "labels")[1][1].endswith(" forecast")
    (_, panel), *_ = panels_of(made(used=5))
    assert panel.whole == 2000


def test_all_images_are_one_draw_however_many_runs_have_them() -> None:
    (_, same), *_ = panels_of(made())
    (_, drawn), *_ = panels_of(made(drawn=True))
    assert same.curves["random"].runs == (5,) * 6 and drawn.curves["random"].runs == (5, 5, 5, 5, 5, 1)
    assert drawn.curves["random"].means == pytest.approx(same.curves["random"].means)
    assert any("each seed draws training images of its own" in note for note in notes(made(drawn=True)))
    assert any("all runs of a fraction have the same training images" in note for note in notes(made()))


def test_scores_off_the_curve_are_told() -> None:
    cells = dict(made().cells)
    cells["random", COLUMNS[2]] = Cell(tuple(value - 0.1 for value in cells["random", COLUMNS[2]].values))
    (note,) = [note for note in notes(made(cells=cells)) if "farther from the curve" in note]
    assert note.endswith("explains: random. Their intervals are widened by it.")
    assert not [note for note in notes(made()) if "farther from the curve" in note]


def test_a_row_with_too_few_fractions_has_no_curve_and_without_any_curve_nothing_is_said() -> None:
    cells = {cell_key: Cell(()) if cell_key[1] in COLUMNS[:3] else cell for cell_key, cell in made().cells.items()}
    assert blocks(made(cells=cells), "labels") == []
    only = {cell_key: cell if cell_key[0] == "random" else cells[cell_key] for cell_key, cell in made().cells.items()}
    assert [line[0] for line in lines(made(cells=only), "labels")[1:]] == ["random"] and said(made(cells=only)) == []
    assert blocks(made(parts=()), "labels") == []


def test_fractions_that_give_the_same_images_count_once() -> None:
    alike = DatasetCounts({column: counts(max(number, 100)) for column, number in zip(COLUMNS, NUMBERS, strict=True)})
    (_, panel), *_ = panels_of(made(parts=(made().part(NestedFractions), alike)))
    assert panel.curves["random"].numbers == (100, 200, 500, 1000, 2000)


def test_the_drawing_shows_every_run_and_a_band_for_each_row() -> None:
    (block,) = [block for block in blocks(made(used=5), "labels") if block.drawing is not None]
    assert block.drawing is not None and block.ending == "-labels"
    drawing = block.drawing()
    assert drawing is not None
    (axes,) = drawing.axes
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "training images"
    dots = [collection for collection in axes.collections if np.shape(collection.get_offsets()) == (5, 2)]
    assert len(dots) == 2 * 5
    assert len([line for line in axes.lines if line.get_linestyle() == ":"]) == 2  # to all images, as forecasts
    assert max(np.max(np.asarray(line.get_xdata())) for line in axes.lines) == pytest.approx(2000)
    header, *data = drawn_data(block)
    assert header == ("dataset", "row", "training images", "run", "score", "low", "high")
    assert len([line for line in data if line[3] == "curve"]) == 2 * 5 and len(data) == 2 * 5 * (5 + 1)


def test_it_is_kept_in_the_tables_file_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    of, path = made(), tmp_path / "example.json"
    path.write_text(to_json(of))
    assert said(read_table(path)) == said(of)
    for changes, message in (
        ({"columns": ["other"], "fractions": [0.1]}, "not all columns with one fraction"),
        ({"fractions": [2.0] * 6}, "fractions in .0, 1., found 2.0"),
    ):
        data = json.loads(to_json(of))
        data["parts"]["labels"]["groups"][0] |= changes
        path.write_text(json.dumps(data))
        with pytest.raises(DataError, match=message):
            read_table(path)
    data = json.loads(to_json(of))
    data["parts"]["labels"]["margin"] = 0
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match="a margin above 0 points, found 0"):
        read_table(path)


@pytest.mark.parametrize(("count", "text"), [(7, "7"), (42, "42"), (421.7, "420"), (4708, "4,700"), (99.7, "100")])
def test_numbers_of_images_are_rounded_to_two_digits(count: float, text: str) -> None:
    assert images(count) == text


NO_END = "is not shown to reach the score that B has with 900 with up to 800 training images:"


@pytest.mark.parametrize(
    ("labels", "text", "sentence"),
    [
        (
            Labels(420, 300, 610),
            "420 (300 to 610)",
            "A needs about 420 training images (95% interval 300 to 610) for the score that B has with 900.",
        ),
        (Labels(420, -INF, 610), "420 (fewer than 50 to 610)", "(95% interval fewer than 50 to 610)"),
        (
            Labels(-INF, -INF, -INF),
            "fewer than 50",
            "A is shown to need no more than 50 training images, the fewest tried, for the score that B has with 900.",
        ),
        (
            Labels(INF, INF, INF),
            "more than 800",
            "A is shown to stay below the score that B has with 900, with up to 800 training images.",
        ),
        (
            Labels(420, 300, INF),
            "420 (300 to more than 800)",
            f"A {NO_END} its curve reaches it with 420, and the interval begins with 300 and has no end.",
        ),
        (Labels(INF, 300, INF), "more than 800 (300 to more than 800)", f"A {NO_END} its own curve stays below it"),
        (Labels(-INF, -INF, 90), "fewer than 50 (fewer than 50 to 90)", "A needs fewer than 50 training images (95%"),
    ],
)
def test_what_is_said_of_reaching_a_score_is_no_more_than_was_shown(labels: Labels, text: str, sentence: str) -> None:
    assert labels_text(labels, 50, 800) == text
    assert sentence in reaching("A", "B", labels, 50, 800, 900).replace('"', "")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (
            Labels(420, 300, 610),
            "is no more than 2 points from about 420 images on (95% interval 300 to 610), up to 800.",
        ),
        (Labels(-INF, -INF, -INF), "is shown to be no more than 2 points from 50 images, the fewest tried, to 800."),
        (
            Labels(INF, INF, INF),
            "is shown to be more than 2 points with every number of images tried: with 800 it is +3.0 (+1.5 to +5.0)",
        ),
        (
            Labels(-INF, -INF, INF),
            "is not shown to fall to no more than 2 points within what was tried: with 800 it is +3.0 (+1.5 to +5.0) "
            "points. That is no sign of equality.",
        ),
    ],
)
def test_what_is_said_of_a_margin_is_no_more_than_was_shown(labels: Labels, sentence: str) -> None:
    last = Band(np.array([0.03]), np.array([0.015]), np.array([0.05]))
    assert sentence in until_alike("A", "B", labels, 0.02, 50, 800, last)
