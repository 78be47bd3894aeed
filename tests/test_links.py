"""Links between the pages of the project lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them: lower case, words joined by dashes, without other signs."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_pages_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


def linked(page: Path) -> set[Path]:
    """The files and folders that a page links to, in its text or in a table of contents."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for lines in re.findall(r"^```\{toctree\}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        links += [line for line in lines.splitlines() if line.endswith(".md")]
    return {(page.parent / link.partition("#")[0]).resolve() for link in links}


def test_every_page_of_docs_is_named_by_another_one() -> None:
    named = {target for page in PAGES for target in linked(page)}
    folders = [target for target in named if target.is_dir()]
    pages = (PROJECT / "docs").rglob("*.md")
    assert not [page for page in pages if page not in named and page.parent not in folders]
