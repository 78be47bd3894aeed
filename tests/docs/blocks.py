"""The blocks of code in the pages of the project, with what is said of how they are tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PROJECT

PAGES = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").rglob("*.md")])

FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>[^\n`]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)

CODE = ("python", "pycon")
"""The languages whose blocks are run."""


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: the page that it stands on.
        line: the number of its first line on the page, from 1.
        language: what stands behind the three backticks that open it.
        mark: the comment on the line above it, ``<!-- ... -->``; empty: there is none.
        code: its lines.
    """

    page: Path
    line: int
    language: str
    mark: str
    code: str

    @property
    def place(self) -> str:
        """The page and the line, for messages."""
        return f"{self.page.relative_to(PROJECT)}:{self.line}"

    @property
    def runs(self) -> bool:
        """Whether test_examples.py runs the block."""
        return self.language in CODE and self.mark in ("", "slow")


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        yield Block(page, line, found["language"], found["mark"] or "", found["code"])


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
