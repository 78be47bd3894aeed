"""The site that `make docs` built: its search finds what people look for, and no page is wider than a phone."""

from __future__ import annotations

import functools
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from experiments.checks.notebooks import notebooks
from tests.conftest import PROJECT

SITE = PROJECT / "build" / "docs" / "html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PAGE_OF = {
    "grayscale": "howto/grayscale.html",
    "class imbalance": "howto/class_imbalance.html",
    "no difference": "howto/no_difference.html",
    "SLURM preemption": "howto/slurm.html",
    "licence": "howto/licences.html",
    "five minutes": "start.html",
    "own images": "tutorials/own_images.html",
    "glossary": "glossary.html",
}
"""The page that must come first, by what is typed."""

NOTEBOOK_PAGES = [f"notebooks/{name}" for name in notebooks()]

NARROW = 430
"""The width of a phone, in pixels."""


class Silent(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the site on this machine."""
    index = SITE / "searchindex.js"
    if not index.is_file():
        pytest.skip("the site is not built: make docs")
    pages = [*(PROJECT / "docs").rglob("*.md"), *notebooks().values()]
    if index.stat().st_mtime < max(page.stat().st_mtime for page in pages):
        pytest.skip("the site is older than a page: make docs")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_links_are_called_like_pages_not_like_files(address: str) -> None:
    pages = [path for path in SITE.rglob("*.html") if path.stem not in ("contributing", "changelog")]
    assert len(pages) > 80
    assert not [path for path in pages if re.search(r"<span[^>]*>[\w/]+\.md</span></a>", path.read_text("utf-8"))]


@pytest.mark.parametrize("name", notebooks())
def test_a_notebook_is_a_page_with_its_code_and_the_pictures_that_it_holds(name: str, address: str) -> None:
    cells = json.loads(notebooks()[name].read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    page = (SITE / "notebooks" / f"{name}.html").read_text("utf-8")
    assert page.count('class="cell_input ') == sum(cell["cell_type"] == "code" for cell in cells)
    images = re.findall(r'<img[^>]* src="\.\./(_images/[^"]+)"', page)
    assert len(images) == sum("image/png" in output.get("data", ()) for output in outputs) > 0
    assert all((SITE / image).stat().st_size > 1000 for image in images)


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("typed", PAGE_OF)
def test_the_search_finds_the_right_page_first(typed: str, address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{address}/search.html?q={typed.replace(' ', '+')}")
    first = page.locator("#search-results li a").first
    first.wait_for(timeout=10_000)
    assert first.get_attribute("href").partition("#")[0] == PAGE_OF[typed]
    page.close()


@pytest.mark.parametrize("name", ["index", "decisions", "api/Session", "packages/specs", *NOTEBOOK_PAGES])
def test_nothing_but_tables_and_code_is_scrolled_sideways_on_a_phone(name: str, address: str, browser: Any) -> None:
    page = browser.new_page(viewport={"width": NARROW, "height": 900})
    page.goto(f"{address}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.close()
