"""The index of several tables, and how figures are saved from a page."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.reporting.formats.files import write_all
from experiments.reporting.page.index import MOST_ANSWERS, page_names, render_index
from experiments.reporting.page.page import Illustrated, render
from experiments.session.pages import page_of
from experiments.tables.document import Cell, TextDocument
from tests.experiments.example_table import Page, document, unpacked
from tests.experiments.smoke import paths_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

TEXTS = TextDocument(name="texts", title="Texts", question="", edition="real", header=("a", "b"), texts=(("1", "2"),))


def columns_of(count: int) -> dict[str, Any]:
    """A table of several columns, each with an answer of its own."""
    columns = tuple((f"T{number}", "auroc") for number in range(count))
    generator = np.random.default_rng(0)
    cells = {(row, column): Cell(tuple(generator.random(3))) for row, _ in document().rows for column, _ in columns}
    return {"columns": columns, "cells": cells, "parts": (), "runs": ()}


def test_an_index_gives_some_answers_and_says_how_many_more_there_are() -> None:
    made = document(**columns_of(6))
    text = render_index("All", [made, TEXTS], "all-pages")
    page = Page(text)
    assert text.count('<li class="open">') == MOST_ANSWERS
    assert "2 more answers" in page.text
    assert {one for one in page.fetched if not one.startswith("data:")} == {
        "all-pages/example.html", "all-pages/texts.html",
    }  # fmt: skip
    assert "script" not in page.tags
    assert render_index("All", [made, TEXTS], "all-pages") == text


def test_only_drawn_images_are_warned_of() -> None:
    drawn, real = document(), document(edition="real")
    assert "instrument, not the papers" in render_index("All", [drawn, drawn], "x")
    mixed = render_index("All", [drawn, real], "x")
    assert "instrument, not the papers" not in mixed
    assert mixed.count("synthetic (phantom) data") == 1


def test_pages_have_names_of_their_own_that_fit_into_a_folder() -> None:
    names = page_names([document(name=name) for name in ("../a b", "a", "a", "A", "..")])
    assert names == ["a_b", "a", "a~2", "A~3", "table"], "some disks tell no capital letters apart"


def written(folder: Path, count: int) -> list[Path]:
    for number in range(count):
        write_all(document(name=f"t{number}", title=f"Table {number}"), folder)
    return sorted(folder.glob("*.json"))


def test_one_table_is_a_page_and_several_are_an_index_with_a_page_each(tmp_path: Path) -> None:
    files, where = written(tmp_path / "tables", 2), paths_in(tmp_path)
    single = page_of(files[:1], where, "none")
    assert single.write(tmp_path / "one.html") == (tmp_path / "one.html",)
    assert not (tmp_path / "one-pages").exists()
    several = page_of(files, where, "none", "Both")
    paths = several.write(tmp_path / "my all.html")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "my all.html", "my all-pages/t0.html", "my all-pages/t1.html",
    ]  # fmt: skip
    links = {one for one in Page(paths[0].read_text()).fetched if not one.startswith("data:")}
    assert links == {"my%20all-pages/t0.html", "my%20all-pages/t1.html"}
    assert "../my%20all.html" in Page(paths[1].read_text()).fetched
    assert several.tables == 2


def test_a_study_of_texts_is_saved_as_pdf_too(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4")
    write_all(TEXTS, tmp_path)
    (tmp_path / "texts.json").rename(tmp_path / "x.json")
    text = page_of([tmp_path / "x.json"], paths_in(tmp_path), "none").html
    assert 'href="data:application/pdf;base64,JVBERi0xLjQ="' in text
    assert "a,b%0A1,2%0A" in text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page with figures in a browser without a network, one of them large."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    path = tmp_path_factory.mktemp("saved") / "page.html"
    path.write_text(render("A report", [Illustrated(document())]))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = opened.new_context(offline=True).new_page()
        view.goto(path.as_uri())
        yield view
        opened.close()


def saved(view: Any, name: str) -> bytes:
    """The file that a click on a link saves."""
    with view.expect_download() as waiting:
        view.locator(f'figure.drawing a[download="{name}"][href]').click()
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


def test_a_figure_is_saved_as_svg_pdf_and_csv(browser: Any) -> None:
    assert b"<svg" in saved(browser, "example-differences.svg")
    assert saved(browser, "example-differences.pdf").startswith(b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(saved(browser, "example-differences.csv").decode())))
    assert {(row["row"], row["minus"]) for row in rows} == {("good | *best*", "random"), ("gone", "random")}
    assert float(rows[0]["points"]) == pytest.approx(10)


def test_contents_lead_to_every_part_and_open_what_is_folded(browser: Any) -> None:
    links = browser.locator("nav .contents a")
    titles = links.all_inner_texts()
    assert "Scores" in titles and "Differences from the reference row" in titles
    assert len(titles) > 4
    for link in links.all():
        assert browser.locator(f'[id="{link.get_attribute("href")[1:]}"]').count() == 1
    folded = browser.locator("details[id]").first
    assert folded.get_attribute("open") is None
    browser.locator(f'nav a[href="#{folded.get_attribute("id")}"]').click()
    browser.wait_for_function("() => document.querySelector('details[id]').open")


def test_what_is_large_is_compressed_and_shown_by_the_script(browser: Any) -> None:
    (facts, *_) = reversed(unpacked(render("A report", [Illustrated(document())])))
    assert "kkkk" in facts
    images = browser.locator("figure.drawing img")
    assert images.count() >= 1
    browser.wait_for_function("() => [...document.querySelectorAll('figure.drawing img')].every((one) => one.src)")
    assert all(image.get_attribute("src").startswith("data:image/svg+xml,") for image in images.all())
