"""Long names of rows and datasets: they wrap on the terminal, on the page and in drawings, and push nothing out."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console

from experiments.reporting.blocks.learning_curves import draw_curves
from experiments.reporting.drawings.labels import wrapped
from experiments.reporting.drawings.panels import draw_panels
from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.formats.terminal import print_document
from experiments.reporting.page.page import Illustrated, render
from experiments.tables.document import Cell, RunLine, TableDocument, TextDocument
from experiments.tables.figure import Figure
from tests.experiments.example_table import document, terminal

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

ROWS = (
    "Random",
    "Supervised on (PneumoniaMNIST, 5 % of the training images), genus labels, recipe supervised/imagenet",
    "ImageNet, then (ChestX-ray14, 10 % of the training images)",
)


def table(columns: int) -> TableDocument:
    """Long names, and a number of its own in each cell."""
    names = [f"PneumoniaMNIST, {5 + number} % of the training images" for number in range(columns)]
    cells = {
        (row, column): Cell((0.5 + 0.01 * line + 0.001 * place, 0.52 + 0.01 * line))
        for line, row in enumerate(ROWS)
        for place, column in enumerate(names)
    }
    runs = tuple(
        RunLine(f"{line}{seed}" * 32, row, names[0], seed, 0.5, 1.0, 3, validation=(0.4, 0.5, 0.6), steps=(1, 2, 3))
        for line, row in enumerate(ROWS)
        for seed in (0, 1)
    )
    return document(
        title=f"Initializations for {names[0]}",
        rows=tuple((row, "random") for row in ROWS),
        columns=tuple((name, "auroc") for name in names),
        cells=cells,
        reference="Random",
        parts=(),
        runs=runs,
        figure=Figure(),
    )


def table_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.search("[│┃╇]", line)]


@pytest.mark.parametrize("width", [44, 80, 160, 400])
@pytest.mark.parametrize("columns", [1, 3, 8])
def test_a_terminal_of_any_width_shows_every_number_whole(width: int, columns: int) -> None:
    made = table(columns)
    lines = table_lines(terminal(made, width))
    assert max(map(len, lines)) <= width
    shown = re.findall(r"\d+\.\d\d ± \d\.\d\d", "\n".join(lines))
    wanted = [f"{50 * sum(cell.values):.2f}" for cell in made.cells.values()]
    assert sorted(text.split(" ")[0] for text in shown) == sorted(wanted)
    assert "…" not in "\n".join(lines)


@pytest.mark.parametrize("width", [44, 80, 200])
def test_a_terminal_shows_every_name_whole(width: int) -> None:
    lines = table_lines(terminal(table(8), width))
    firsts = [re.split("[│┃╇]", line)[0].strip() for line in lines]
    first_column = " ".join(firsts)
    parts = first_column.count("Random")  # the names stand beside each part of the table
    assert parts == {44: 8, 80: 3, 200: 1}[width]
    for row in ROWS:
        assert first_column.replace(" ", "").count(row.replace(" ", "")) == parts
    assert all(f" {5 + number} %" in " ".join(lines) for number in range(8)) or width < 200


def test_a_wide_terminal_shows_a_table_as_before() -> None:
    (head, *_) = [
        line for line in terminal(table(3), 400).splitlines() if "PneumoniaMNIST, 5 %" in line and "┃" in line
    ]
    assert head.count("of the training images") == 3  # no heading wraps where there is room


def test_a_grid_cuts_no_text() -> None:
    file = io.StringIO()
    word = "a_word_that_is_longer_than_its_column_is_wide"
    made = TextDocument(
        name="grid", title="A grid", question="", edition="real", header=("one", "two"), texts=((word, word),)
    )  # fmt: skip
    print_document(made, Console(file=file, width=40))
    left = "".join(line.split("│")[0].strip() for line in file.getvalue().splitlines() if "│" in line)
    assert left == word


@pytest.mark.parametrize("text", ["short", "a text of many words that is far too long for so few inches", "x" * 90])
def test_a_wrapped_name_is_whole_and_fits(text: str) -> None:
    lines = wrapped(text, 2.0, 8).split("\n")
    assert max(map(len, lines)) <= 2.0 * 72 / 8 / 0.6
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_nothing_of_a_drawing_is_cut_off() -> None:
    for drawing in (draw_curves(table(1)), draw_curves(table(5)), draw_panels(table(1)), draw_panels(table(5))):
        assert drawing is not None
        drawn(drawing, "png")  # lays it out
        renderer = FigureCanvasAgg(drawing).get_renderer()
        width, height = drawing.get_size_inches() * drawing.dpi
        texts = [text for axes in drawing.axes for text in (axes.title, *axes.get_yticklabels()) if text.get_text()]
        for part in (*drawing.legends, *texts):
            box = part.get_window_extent(renderer)
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, part
        for axes in drawing.axes:
            boxes = [text.get_window_extent(renderer) for text in axes.get_yticklabels() if text.get_text()]
            assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


@pytest.mark.parametrize(("width", "columns"), [(420, 1), (1400, 1), (1400, 7)])
def test_the_page_shows_every_column(width: int, columns: int, tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(render("A report", [Illustrated(table(columns))]), encoding="utf-8")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = opened.new_context(offline=True, viewport={"width": width, "height": 800}).new_page()
        view.goto(path.as_uri())
        view.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        rooms = {
            name: view.evaluate(
                f"(({{clientWidth, scrollWidth}}) => [clientWidth, scrollWidth])(document.querySelector("
                f"'table.{name}').parentElement)"
            )
            for name in ("scores", "comparison", "runs")
        }
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        opened.close()
    for name, (room, needed) in rooms.items():
        assert needed <= room, name
