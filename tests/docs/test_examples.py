"""The code of the pages runs from top to bottom, and prints what the pages say."""

from __future__ import annotations

import doctest
import io
from pathlib import Path
from typing import Any

import pytest

import medtransfer
from tests.conftest import PROJECT
from tests.docs.blocks import BLOCKS, Block
from tests.experiments.conftest import in_turn

__all__ = ["in_turn"]

SHOWN = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def pages(slow: bool) -> list[Path]:
    """The pages with code that runs: in seconds, or longer."""
    long = {block.page for block in BLOCKS if block.mark == "slow"}
    return [page for page in dict.fromkeys(block.page for block in BLOCKS if block.runs) if (page in long) == slow]


def named(page: Path) -> str:
    """A page by its path from the project's folder."""
    return str(page.relative_to(PROJECT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all examples are run in, so that a run is done once."""
    return tmp_path_factory.mktemp("examples")


def run(block: Block, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block and return all names that it leaves; what it prints must be what the page says."""
    if block.language == "python":
        exec(compile(block.code, block.place, "exec"), names)
        return names
    test = doctest.DocTestParser().get_doctest(block.code, names, block.place, str(block.page), block.line)
    assert test.examples, f"{block.place}: a block of pycon has lines that begin with >>>"
    said = io.StringIO()
    result = doctest.DocTestRunner(optionflags=SHOWN, verbose=False).run(test, out=said.write, clear_globs=False)
    assert not result.failed, said.getvalue()
    return test.globs


def run_page(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all blocks of a page in a folder, with the names of those before."""
    monkeypatch.chdir(folder)
    for variable in ("DATA", "RUNS", "CACHE", "WEIGHTS", "EXECUTOR"):
        monkeypatch.delenv(f"MEDTRANSFER_{variable}", raising=False)
    names: dict[str, Any] = {"__name__": "page"}
    for block in BLOCKS:
        if block.page == page and block.runs:
            names = run(block, names)


@pytest.mark.parametrize("page", pages(slow=False), ids=named)
def test_the_code_of_a_page_runs(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(page, folder, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages(slow=True), ids=named)
def test_the_code_of_a_page_that_trains_runs(
    page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    # Sessions that say no executor do their runs in this process: what is shown does not depend on it.
    monkeypatch.setitem(medtransfer.Session.__init__.__kwdefaults__, "executor", in_turn[1])
    run_page(page, folder, monkeypatch)


def test_every_public_name_has_a_page_with_an_example_that_is_run() -> None:
    for name in medtransfer.__all__:
        page = PROJECT / "docs" / "api" / f"{name}.md"
        assert any(block.page == page and block.runs for block in BLOCKS), name
        assert f".{name}\n" in page.read_text(encoding="utf-8").partition(":: ")[2], name
