"""Every block of code in the pages says its language, and is run, parsed, or marked with the reason why not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from experiments.cli.command_line import COMMANDS, parser
from specs.registry import tables_of_studies
from tests.conftest import PROJECT
from tests.docs.blocks import BLOCKS, CODE, PAGES, Block

TEXTS = ("text", "sh", "ini", "toml")
"""The languages of blocks that are not run. Commands are parsed."""


def commands() -> Iterator[tuple[Block, list[str]]]:
    """The words of every command that stands in a block of shell."""
    for block in BLOCKS:
        if block.language == "sh":
            for line in block.code.replace("\\\n", " ").splitlines():
                if words := shlex.split(line, comments=True):
                    yield block, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_blocks_say_their_language_and_none_is_left_open(page: Path) -> None:
    blocks = [block for block in BLOCKS if block.page == page]
    known = re.compile("|".join((r"\{[a-z-]+\}.*", *CODE, *TEXTS)))
    odd = [block.place for block in blocks if not known.fullmatch(block.language)]
    assert not odd
    fences = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("```")]
    assert len(fences) == 2 * len(blocks)


def test_what_is_not_run_has_a_reason_and_what_another_test_runs_names_it() -> None:
    for block in BLOCKS:
        if block.language in CODE and not block.runs:
            reason = re.fullmatch(r"not run: (\S.{9,})", block.mark)
            other = re.fullmatch(r"run by (tests/\S+\.py)", block.mark)
            assert reason or other, block.place
            if other is not None:
                assert block.page.name in (PROJECT / other[1]).read_text(encoding="utf-8"), block.place


def test_every_command_is_one_that_the_command_line_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cluster.txt").write_text("local")  # a page writes it before it is named
    asked = [(block, words[1:]) for block, words in commands() if words[0] == "medtransfer"]
    assert len(asked) > 50
    for block, words in asked:
        if words[0] == "--version":
            continue
        assert words[0] in COMMANDS, block.place
        kept = words[: words.index(">")] if ">" in words else words
        parser(kept[0]).parse_args(kept)  # a UsageError names what is wrong


def test_every_target_of_make_and_every_module_that_is_named_is_there() -> None:
    declared = re.findall(r"^([a-z%-]+):.*## ", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    tables = [
        found.module.split(".")[1:] for found in tables_of_studies(PROJECT / "experiments" / "studies", "studies")
    ]
    papers = {parts[0].replace("_", "-") for parts in tables if len(parts) > 1}
    targets = [one.replace("%", "*") for one in declared] + [name for paper in papers for name in (paper, f"{paper}-*")]
    for block, words in commands():
        if words[0] == "make":
            assert any(fnmatch(words[1], target) for target in targets), block.place
        if words[:2] == ["python", "-m"] and words[2].startswith("benchmarks."):
            assert (PROJECT / f"{words[2].replace('.', '/')}.py").is_file(), block.place
