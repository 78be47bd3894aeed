"""Figures: what is in them, that they are always the same files, and what is tested over several columns."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.contrast import contrast
from analysis.ranks import compare_ranks
from experiments.reporting.blocks.interaction import interaction_of
from experiments.reporting.blocks.ranks import draw_ranks, ranks_of
from experiments.reporting.drawings.panels import draw_panels
from experiments.reporting.formats.files import write_all
from experiments.tables.document import Cell, TableDocument
from experiments.tables.figure import Figure
from tests.experiments.example_table import notes
from tests.experiments.smoke import table_of_runs

ROWS, COLUMNS = ("random", "coarse", "fine & more"), ("A", "B", "C", "D", "E")
FIGURE = Figure(
    families=(("coarse", "supervised"), ("fine & more", "supervised")),
    groups=(("classification", ("A", "B", "C")), ("segmentation", ("D", "E"))),
    interaction=("coarse", "fine & more"),
    ranks=True,
)


def document(figure: Figure | None = FIGURE) -> TableDocument:
    generator = np.random.default_rng(0)
    gain = {("fine & more", "D"): 0.05, ("fine & more", "E"): 0.05}
    cells = {
        (row, column): Cell(tuple(0.7 + gain.get((row, column), 0.0) + 0.01 * generator.normal(size=4)))
        for row in ROWS
        for column in COLUMNS
    }
    return TableDocument(
        name="drawn",
        title="A drawing",
        question="Which?",
        rows=tuple((row, "random") for row in ROWS),
        columns=tuple((column, "auroc") for column in COLUMNS),
        cells=cells,
        parts=(),
        reference="coarse",
        seeds=4,
        edition="phantom",
        weights="trained here",
        protocol="small",
        figure=figure,
    )


def test_a_table_without_a_figure_is_not_drawn(tmp_path: Path) -> None:
    assert {path.suffix for path in write_all(document(None), tmp_path)} == {".csv", ".tex", ".md", ".json"}


def test_figures_are_written_as_pictures_and_as_vectors(tmp_path: Path) -> None:
    paths = {path.name: path for path in write_all(document(), tmp_path)}
    assert {"drawn.png", "drawn.svg", "drawn-ranks.png", "drawn-ranks.svg"} <= set(paths)
    for name in ("drawn.png", "drawn-ranks.png"):
        with Image.open(paths[name]) as image:
            assert len(image.getcolors(2**24) or []) > 20
    for name in ("drawn.svg", "drawn-ranks.svg"):
        ElementTree.parse(paths[name])
    again = {path.name: path for path in write_all(document(), tmp_path / "again")}
    assert paths["drawn.png"].read_bytes() == again["drawn.png"].read_bytes()


def test_a_panel_shows_the_numbers_of_its_cells() -> None:
    made = document()
    drawing = draw_panels(made)
    panels = {axes.get_title(): axes for axes in drawing.axes}
    assert list(panels) == [f"{column} (auroc)" for column in COLUMNS]
    assert [axes.get_ylabel() for axes in drawing.axes] == ["classification", "", "", "segmentation", ""]
    axes = panels["A (auroc)"]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(ROWS)
    means = [container.lines[0].get_xdata()[0] for container in axes.containers]
    assert means == pytest.approx([100 * np.mean(made.cells[row, "A"].values) for row in ROWS])
    drawn = [offset for collection in axes.collections for offset in np.asarray(collection.get_offsets())[:, 0]]
    assert set(np.round(np.ravel([made.cells[row, "A"].values for row in ROWS]) * 100, 6)) <= set(np.round(drawn, 6))
    assert "Synthetic (phantom) data" in str(drawing.get_suptitle())


def test_a_cell_without_scores_is_a_dash_and_rows_with_one_are_not_ranked() -> None:
    made = document()
    made = dataclasses.replace(made, cells=made.cells | {("random", "B"): Cell((), "failed")})
    assert ranks_of(made) is None  # two rows are left
    texts = [text.get_text() for axes in draw_panels(made).axes for text in axes.texts]
    assert texts.count("-") == 1


def test_the_interaction_is_the_difference_of_gains_between_groups() -> None:
    made = document()
    found = interaction_of(made)
    assert found is not None
    gains = {
        column: np.mean(made.cells["fine & more", column].values) - np.mean(made.cells["coarse", column].values)
        for column in COLUMNS
    }
    expected = np.mean([gains["D"], gains["E"]]) - np.mean([gains["A"], gains["B"], gains["C"]])
    assert found.estimate == pytest.approx(expected)
    assert found.p_value is not None
    assert found.p_value < 1e-4
    assert "points larger in segmentation than in classification (contrast of means, p < 1e-4)" in " ".join(notes(made))


def test_a_group_without_scores_leaves_the_interaction_open() -> None:
    made = document()
    cells = {place: Cell((), "no data") if place[1] in "DE" else cell for place, cell in made.cells.items()}
    assert interaction_of(dataclasses.replace(made, cells=cells)) is None


def test_a_contrast_of_two_samples_is_welchs_test() -> None:
    from scipy import stats

    generator = np.random.default_rng(1)
    a, b = generator.normal(0, 1, 7), generator.normal(0.5, 3, 5)
    found, welch = contrast([a, b], [1, -1]), stats.ttest_ind(a, b, equal_var=False)
    assert found.p_value == pytest.approx(welch.pvalue)
    assert found.estimate == pytest.approx(a.mean() - b.mean())
    assert contrast([a, [1.0]], [1, -1]).p_value is None
    assert contrast([[1.0, 1.0], [2.0, 2.0]], [1, -1]).p_value is None
    with pytest.raises(ValueError, match="a weight for each of 2 filled samples"):
        contrast([a, b], [1])


def test_the_rank_diagram_names_every_row_with_its_rank_and_joins_groups() -> None:
    scores = {row: [float(level + (task * level) % 3) for task in range(6)] for level, row in enumerate("abcde")}
    ranks = compare_ranks(scores)
    (axes,) = draw_ranks(ranks, "Ranks").axes
    texts = {text.get_text() for text in axes.texts}
    assert {f"{row} ({rank:.2f})" for row, rank in ranks.mean_ranks.items()} <= texts
    assert f"CD = {ranks.critical_difference:.2f}" in texts
    thick = [line for line in axes.lines if line.get_linewidth() == 3]
    assert len(thick) == len(ranks.groups)


def test_the_benchmarks_figures_have_a_family_for_each_method_and_every_task() -> None:
    for profile in ("phantom", "paper"):
        second = table_of_runs("benchmark-figure-2", profile)
        assert second.figure is not None
        assert {row.label for row in second.rows} == set(dict(second.figure.families))
        assert len(second.rows) == 15
        assert len(second.columns) == 7
        first = table_of_runs("benchmark-figure-1", profile)
        assert first.figure is not None
        grouped = [column for _, columns in first.figure.groups for column in columns]
        assert grouped == [column.label for column in first.columns]
