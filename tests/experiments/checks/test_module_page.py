"""The pages of the site that say what each module holds: every module and public name is on them."""

from __future__ import annotations

import re

import pytest

from experiments.checks.module_page import modules_autodoc, modules_markdown
from specs.packages import HOME, PACKAGES


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "medtransfer"])
def test_every_package_has_a_page_that_the_site_fills(package: str) -> None:
    page = (HOME / "docs" / "packages" / f"{package}.md").read_text(encoding="utf-8")
    assert re.search("<!-- The modules are (listed|documented) when the site is built. -->", page)


def test_a_module_stands_in_the_table_of_its_folder_with_its_public_names_alone() -> None:
    text = modules_markdown("specs")
    (line,) = (line for line in text.splitlines() if line.startswith("| `fold` |"))
    assert line.endswith("| `Fold`, `folds_of` |")
    assert "A fold: which part of a dataset's patients" in line
    assert not re.search(r"`_\w+`", text)


def test_a_folder_has_a_heading_with_its_dotted_name() -> None:
    headings = re.findall(r"^## (\S+)$", modules_markdown("backbones"), re.MULTILINE)
    assert headings[0] == "backbones" and "backbones.networks" in headings


def test_every_module_is_documented_from_its_docstrings() -> None:
    found = re.findall(r"^\.\. automodule:: (\S+)$", modules_autodoc("analysis"), re.MULTILINE)
    files = [path for path in (HOME / "analysis").rglob("*.py") if path.stem != "__init__"]
    assert len(found) == len(set(found)) == len(files) > 10
    assert "analysis.similarity" in found
