"""A finished table with every difficulty that a text can have, and readers of terminals and pages."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import io
import re
from html.parser import HTMLParser

from rich.console import Console

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.blocks.further_scores import FurtherCells
from experiments.reporting.formats.terminal import print_document
from experiments.tables.document import Cell, Document, RunLine, TableDocument

SCORES = {
    ("random", "A_1 <50%> & more"): (0.50, 0.51, 0.52),
    ("random", "B"): (0.80, 0.82, 0.81),
    ("good | *best*", "A_1 <50%> & more"): (0.60, 0.61, 0.62),
    ("good | *best*", "B"): (0.80, 0.83, 0.81),
}


def document(**changes: object) -> TableDocument:
    columns = (("A_1 <50%> & more", "auroc"), ("B", "dice"))
    rows = (("random", "random"), ("good | *best*", 'file("a & b.pth")'), ("gone", "fractals"))
    cells = {(row, column): Cell(SCORES.get((row, column), ())) for row, _ in rows for column, _ in columns}
    cells["gone", "A_1 <50%> & more"] = Cell((), "the source is the target")
    cells["gone", "B"] = Cell((0.7,), "seed 1 failed: disk full (log: runs/x/log.txt)")
    made = TableDocument(
        name="example",
        title="An example",
        question="Which one?",
        rows=rows,
        columns=columns,
        cells=cells,
        parts=(FurtherCells({"Dice at native size": {place: Cell(cell.values[:1]) for place, cell in cells.items()}}),),
        reference="random",
        seeds=3,
        edition="phantom",
        weights="trained here",
        protocol="small",
        runs=(
            RunLine("k" * 64, "random", "B", 0, None, 1.5, 3, {"source": "<script>alert(1)</script>"}, {"dice": None}),
        ),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def blocks(made: TableDocument, kind: str) -> list[Block]:
    """The blocks of a kind."""
    return [block for block in blocks_of(made) if block.kind == kind]


def notes(made: Document) -> list[str]:
    """What all blocks note, the scores' own included."""
    return [note for block in blocks_of(made) for note in block.notes]


def lines(made: TableDocument, kind: str) -> list[tuple[str, ...]]:
    """The table of the first block of a kind as texts, the heading first; empty: there is none."""
    for block in blocks(made, kind):
        if block.lines:
            texts = [(line.name, *(entry.text for entry in line.entries)) for line in block.lines]
            return [(block.title, *(heading.title for heading in block.header)), *texts]
    return []


def terminal(made: Document, width: int = 100, encoding: str = "utf-8") -> str:
    """A table as a terminal of that width shows it."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    print_document(made, Console(file=file, width=width, color_system=None))
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined, no-any-return]


def unpacked(text: str) -> list[str]:
    """What a page holds compressed: large drawings, their numbers, and the details of runs."""
    packed = re.findall(r'data-packed="([^"]*)"|<script type="application/gzip" id="facts">([^<]*)<', text)
    return [gzip.decompress(base64.b64decode(one or other)).decode() for one, other in packed]


class Page(HTMLParser):
    """Tables as lists of cell texts, the page's text, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.cell = False
        self.text, self.fetched, self.tags = "", [], set()  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cell:
            self.tables[-1][-1][-1] += data
