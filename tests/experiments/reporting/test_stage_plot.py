"""Tables drawn along the stages of networks: a panel per network, a line per row, what they are held against."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

from experiments.reporting.blocks.held_against import ReferenceLevels, levels_of
from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.drawings.stage_plot import LEVELS, draw_stages
from experiments.reporting.formats.files import write_all
from experiments.tables.document import Cell, TableDocument
from experiments.tables.figure import Figure

STAGES = ("Net conv1", "Net layer1", "Net-Small conv1", "Net-Small conv2")
GROUPS = (("Net", STAGES[:2]), ("Net-Small", STAGES[2:]))
VALUES = {
    "random": ((0.9, 0.8), (0.5, 0.6), (0.7,), (0.2, 0.4)),
    "transfer": ((0.95, 0.97), (0.8, 0.9), (0.6, 0.8), (0.3, 0.3)),
}
FLOOR = {"Net conv1": 0.1, "Net layer1": 0.2, "Net-Small conv1": 0.15, "Net-Small conv2": 0.25}


def document(rows: Sequence[str] = ("random", "transfer"), **changes: Any) -> TableDocument:
    cells = {
        (row, column): Cell(of) for row in rows for column, of in zip(STAGES, VALUES.get(row, ((),) * 4), strict=True)
    }
    made = TableDocument(
        name="along",
        title="Similarity of each stage",
        question="Which?",
        rows=tuple((row, "random") for row in rows),
        columns=tuple((stage, "CCA") for stage in STAGES),
        cells=cells,
        reference="random",
        seeds=2,
        edition="phantom",
        weights="trained here",
        protocol="small",
        figure=Figure(groups=GROUPS, along=True),
        parts=(ReferenceLevels(levels={"Floor": FLOOR}),),
    )
    return dataclasses.replace(made, **changes)


def draw(made: TableDocument) -> Drawing:
    """The table along the stages, with what its numbers are held against."""
    return draw_stages(made, levels_of(made))


def heights(axes: Any) -> list[list[float]]:
    """Of every line through the panel's columns, in percent."""
    return [np.asarray(line.get_ydata(), dtype=float).round(6).tolist() for line in axes.lines]


def test_a_panel_shows_the_mean_of_every_cell_as_a_line_through_its_columns() -> None:
    panels = {axes.get_title(): axes for axes in draw(document()).axes}
    assert list(panels) == ["Net", "Net-Small"]
    assert [85, 55] in heights(panels["Net"])
    assert [96, 85] in heights(panels["Net"])
    assert [70, 30] in heights(panels["Net-Small"])


def test_whiskers_are_standard_deviations_over_runs_with_ddof_1() -> None:
    axes, _ = draw(document()).axes
    container = axes.containers[0]
    (bars,) = container.lines[2]
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    wanted = [(100 * (np.mean(of) - np.std(of, ddof=1)), 100 * (np.mean(of) + np.std(of, ddof=1))) for of in
              VALUES["random"][:2]]  # fmt: skip
    assert np.allclose(ends, wanted)


def test_the_difference_of_two_rows_is_a_line_of_its_own() -> None:
    drawing = draw(document())
    assert [11, 30] in heights(drawing.axes[0])
    (legend,) = drawing.legends
    assert "transfer minus random" in [text.get_text() for text in legend.get_texts()]
    turned = draw(document(reference="transfer"))
    assert [-11, -30] in heights(turned.axes[0])
    assert "random minus transfer" in [text.get_text() for text in turned.legends[0].get_texts()]


@pytest.mark.parametrize("rows", [("random",), ("random", "transfer", "gone")])
def test_of_other_than_two_rows_there_is_no_difference(rows: tuple[str, ...]) -> None:
    drawing = draw(document(rows))
    assert [11, 30] not in heights(drawing.axes[0])
    assert not any(" minus " in text.get_text() for text in drawing.legends[0].get_texts())


def test_what_numbers_are_held_against_is_drawn_and_named() -> None:
    drawing = draw(
        document(parts=(ReferenceLevels(levels={"Floor": FLOOR, "Untouched": dict.fromkeys(STAGES, 0.99)}),))
    )
    for axes, floor in zip(drawing.axes, ([10, 20], [15, 25]), strict=True):
        assert floor in heights(axes)
        assert [99, 99] in heights(axes)
    marks = {line.get_label(): line.get_linestyle() for line in drawing.legends[0].get_lines()}
    assert (marks["Floor"], marks["Untouched"]) == LEVELS[:2]


def test_a_level_that_a_column_lacks_is_a_gap() -> None:
    lacking = {stage: value for stage, value in FLOOR.items() if stage != "Net layer1"}
    lines = heights(draw(document(parts=(ReferenceLevels(levels={"Floor": lacking}),))).axes[0])
    assert any(line[0] == 10 and np.isnan(line[1]) for line in lines)


def test_columns_are_named_without_their_networks_name() -> None:
    drawing = draw(document())
    assert [[text.get_text() for text in axes.get_xticklabels()] for axes in drawing.axes] == [
        ["conv1", "layer1"],
        ["conv1", "conv2"],
    ]
    assert drawing.axes[0].get_ylabel() == "CCA, %"


def test_it_is_said_that_data_are_synthetic() -> None:
    assert "Synthetic (phantom) data" in str(draw(document()).get_suptitle())
    assert "Synthetic" not in str(draw(document(edition="real")).get_suptitle())


def test_a_table_without_values_is_an_empty_drawing(tmp_path: Path) -> None:
    cells = {place: Cell((), "seed 0 failed") for place in document().cells}
    empty = document(cells=cells, parts=(ReferenceLevels(levels={}),))
    lines = [line for axes in draw(empty).axes for line in heights(axes) if line != [0, 0]]  # the axis
    assert len(lines) > 4
    assert all(np.isnan(line).all() for line in lines)
    assert {"along.png", "along.svg"} <= {path.name for path in write_all(empty, tmp_path)}


def test_a_table_without_groups_is_one_panel() -> None:
    (axes,) = draw(document(figure=Figure(along=True))).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == list(STAGES)


def test_the_same_table_gives_the_same_file() -> None:
    first, second = (drawn(draw(document()), "svg") for _ in range(2))
    assert first == second
    assert first != drawn(draw(document(parts=(ReferenceLevels(levels={}),))), "svg")


def test_a_table_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="the table along is not drawn"):
        draw(document(figure=None))
