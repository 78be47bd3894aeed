"""A finished table with every difficulty that a text can have, and a reader of pages."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

from experiments.rendering.document import Cell, RunLine, TableDocument

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
        secondary={"Dice at native size": {place: Cell(cell.values[:1]) for place, cell in cells.items()}},
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
