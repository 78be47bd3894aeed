"""What says which version this is says the same."""

from __future__ import annotations

import configparser
import re
from datetime import date

from tests.conftest import PROJECT

SETUP = configparser.ConfigParser(inline_comment_prefixes=("#",))
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")
VERSION = SETUP["metadata"]["version"]


def test_the_list_of_changes_begins_with_this_version_or_with_what_comes_after_it() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [heading for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) if heading != "Unreleased"]
    number, _, day = headings[0].partition(", ")
    assert number == VERSION
    assert date.fromisoformat(day) <= date.today()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+, \d{4}-\d\d-\d\d", heading) for heading in headings)


def test_the_citation_is_of_this_version_and_its_date() -> None:
    text = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", text, re.MULTILINE) == [VERSION]
    (day,) = re.findall(r"^date-released: (.+)$", text, re.MULTILINE)
    assert f"## {VERSION}, {day}" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_versions_of_python_are_those_that_it_needs_and_is_checked_for() -> None:
    named = re.findall(r"Python :: (3\.\d+)$", SETUP["metadata"]["classifiers"], re.MULTILINE)
    assert named == ["3.11", "3.12", "3.13"]
    assert SETUP["options"]["python_requires"] == f">={named[0]}"
    assert SETUP["mypy"]["python_version"] == named[0]
