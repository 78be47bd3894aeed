"""The page of finished tables: one HTML file that needs nothing else and fetches nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from experiments.reporting.blocks.building.block import Block, DataRows, Heading, Judged, Value, drawn_data
from experiments.reporting.blocks.building.kind import blocks_of, in_order
from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.formats.beside import entries_beside, headings_beside
from experiments.reporting.formats.comma_separated import lines_as_csv
from experiments.reporting.page.embedded import LARGE_DATA, Embedded, embedded, packed
from experiments.reporting.page.published import published_cells, published_note
from experiments.reporting.text.layout import Layout, capital, missing, score_layout
from experiments.reporting.text.phrases import PHANTOM_WARNING, mean_std, p_stated
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import CellKey, Document, TableDocument

PACKAGE = "experiments.reporting.page"
TITLE = "medtransfer: which initialization?"
"""The title of a page for which none was given."""

SHARED = ("loading", "spec", "environment")
"""The details of runs that many runs have in common, so that the page holds each of them once."""

MANY = 5
"""The largest number of columns that are printed in the usual size; more are printed small."""


@dataclass(frozen=True)
class Illustrated:
    """A document, with what a page shows in addition to it.

    Attributes:
        document: the document, of any kind.
        blocks: blocks that were made for this page only, such as test images.
        picture: the drawing as an SVG, for a document whose file holds none; None: there is no such drawing.
        pdf: the same drawing as a PDF; None: there is none.
        lacking: why some or all test images are not shown; empty: none are missing.
    """

    document: Document
    blocks: tuple[Block, ...] = ()
    picture: bytes | None = None
    pdf: bytes | None = None
    lacking: str = ""


@dataclass(frozen=True)
class Shown:
    """A block with its drawing, made for a page.

    Attributes:
        block: the block that is shown.
        id: the name by which the page's list of contents leads to it.
        drawing: the block's drawing as an SVG; None: there is none.
        ratio: the drawing's width over its height, so that its place is kept until it is shown; empty: it is not known.
        file: the name, without its ending, of the files in which the drawing is downloaded.
        pdf: the drawing as a PDF in base64; empty: there is none.
        csv: the numbers of the drawing as CSV; None: there are none.
    """

    block: Block
    id: str
    drawing: Embedded | None = None
    ratio: str = ""
    file: str = ""
    pdf: str = ""
    csv: Embedded | None = None


@dataclass(frozen=True)
class Scores:
    """The scores of a table, as the page's template needs them.

    Attributes:
        table: the table with the scores.
        layout: the scores in lines and columns, as they are printed.
        many: whether there are so many columns that they are printed small.
        provenance: the sentence on where the data, the weights and the numbers come from.
        cost: the sentence on how many runs there are and how long they took; empty: there are none.
        beside: the headings of the columns beside the scores.
        others: the entries of the columns beside the scores, by the label of the line.
        notes: the notes below the scores.
        published: the texts of the numbers that a paper printed, by row and column label.
    """

    table: TableDocument
    layout: Layout
    many: bool
    provenance: str
    cost: str
    beside: tuple[Heading, ...]
    others: dict[str, list[Any]]
    notes: tuple[str, ...]
    published: dict[CellKey, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One document, as the page's template needs it.

    Attributes:
        document: the document, of any kind.
        scores: the scores of the document; None: it is no table of scores.
        first: the blocks before the scores.
        after: the blocks after the scores.
        contents: the titles of the section's parts, each with the name that leads to it.
        lacking: why test images are not shown; empty: none are missing.
    """

    document: Document
    scores: Scores | None
    first: tuple[Shown, ...]
    after: tuple[Shown, ...]
    contents: tuple[tuple[str, str], ...]
    lacking: str


@dataclass(frozen=True)
class Head:
    """A part of the page that stands before all tables.

    Attributes:
        title: the title of this part.
        kind: the kind of the blocks that it is made of.
        said: the sentences of the blocks.
        judged: the statements with their verdicts, each with the name of the section that holds the numbers.
        notes: the notes on how to read it, each once.
    """

    title: str
    kind: str
    said: tuple[str, ...]
    judged: tuple[tuple[Judged, str], ...]
    notes: tuple[str, ...]


def render(title: str, tables: Sequence[Illustrated], home: str = "") -> str:
    """The HTML of the page; the same documents give the same bytes.

    Args:
        title: the title of the page.
        tables: the documents of any kind with their additions, in order.
        home: the address of the index that the page belongs to; empty: it belongs to none.
    """
    documents = [table.document for table in tables]
    heads = heads_of(documents)
    return template("page.html.j2").render(
        title=title,
        css=own("page.css"),
        js=own("page.js"),
        home=home,
        sections=[_section(table) for table in tables],
        heads=heads,
        addresses={document.name: f"#{document.name}" for document in documents},
        listed=len(tables) > 1 and sum(len(head.judged) for head in heads) < len(tables),
        facts=packed(json.dumps(_facts(documents)).encode()),
        warning=PHANTOM_WARNING,
        mean_std=mean_std,
        mean=lambda cell: f"{np.mean(cell.values):.6f}" if cell.values else "",
        p_stated=p_stated,
        percent=lambda value: f"{100 * value:.2f}",
        capital=capital,
    )


def template(name: str) -> Template:
    """A template of this package, which escapes all texts but markup."""
    environment = Environment(
        loader=PackageLoader(PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.filters["sorted_by"] = _sorted_by
    return environment.get_template(name)


BREAKS = re.compile(r"(?<=[a-z0-9])(?=[_(=/])|(?<=[_(=/,.])(?=\w)")
"""Where a name without spaces, such as an expression, may go on in the next line: at its signs, never in a word."""


def _breakable(text: str) -> Any:
    """A text as markup that may be broken into lines at signs."""
    from markupsafe import Markup

    return Markup("<wbr>").join(BREAKS.split(text))


def _sorted_by(value: Value) -> str:
    """The text by which the page's script sorts a cell."""
    return "Infinity" if value == float("inf") else str(value)


def _csv(lines: DataRows) -> Embedded:
    """Numbers as CSV with six digits each, so that the page stays small."""
    short = [[float(f"{value:.6g}") if isinstance(value, float) else value for value in line] for line in lines]
    return embedded(lines_as_csv(short).encode(), LARGE_DATA)


def own(name: str) -> Any:
    """The content of a file of this package as markup, which the template does not escape."""
    from markupsafe import Markup

    return Markup(files(PACKAGE).joinpath(name).read_text(encoding="utf-8"))


def heads_of(documents: Iterable[Document]) -> list[Head]:
    """The parts at the head of a page, where blocks with the same title are joined into one."""
    found: dict[str, list[tuple[Document, Block]]] = {}
    for document in documents:
        for block in blocks_of(document):
            if block.place == "head":
                found.setdefault(block.title, []).append((document, block))
    return [
        Head(
            title=title,
            kind=blocks[0][1].kind,
            said=tuple(one.text for _, block in blocks for one in block.said),
            judged=tuple((judged, document.name) for document, block in blocks for judged in block.judged),
            notes=tuple(dict.fromkeys(note for _, block in blocks for note in block.notes)),
        )
        for title, blocks in found.items()
    ]


def _section(table: Illustrated) -> Section:
    document = table.document
    blocks = [block for block in in_order([*blocks_of(document), *table.blocks]) if block.place != "head"]
    scores = document if isinstance(document, TableDocument) else None
    # A block without a title of its own is about the scores, so its notes stand below them.
    about = [block for block in blocks if scores and block.place == "after" and (block.beside or not block.title)]
    first = tuple(_shown(document, number, block) for number, block in enumerate(blocks) if block.place == "first")
    shown = [
        _shown(document, number, block)
        for number, block in enumerate(blocks)
        if block.place == "after" and not any(block is one for one in about)
    ]
    if table.picture is not None:
        pdf = "" if table.pdf is None else base64.b64encode(table.pdf).decode()
        shown[0] = _with_drawing(shown[0], table.picture, pdf)
    of_scores = [("Scores", f"{document.name}-scores")] if scores else []
    return Section(
        document=document,
        scores=_scores(scores, about) if scores else None,
        first=first,
        after=tuple(shown),
        contents=(*_titles(first), *of_scores, *_titles(shown)),
        lacking=table.lacking,
    )


def _titles(shown: Iterable[Shown]) -> list[tuple[str, str]]:
    return [(one.block.title, one.id) for one in shown if one.block.title]


def _shown(document: Document, number: int, block: Block) -> Shown:
    drawing = block.drawing() if block.drawing is not None else None
    empty = Shown(block, f"{document.name}-{number}", file=f"{document.name}{block.ending}")
    if drawing is None:
        return empty
    return _with_drawing(empty, drawn(drawing, "svg"), base64.b64encode(drawn(drawing, "pdf")).decode())


def _with_drawing(shown: Shown, svg: bytes, pdf: str) -> Shown:
    size = re.search(rb'<svg[^>]*? width="([\d.]+)pt"', svg), re.search(rb'<svg[^>]*? height="([\d.]+)pt"', svg)
    ratio = f"{size[0][1].decode()} / {size[1][1].decode()}" if size[0] and size[1] else ""
    drawing = embedded(svg.replace(b"\n", b" "))
    return replace(shown, drawing=drawing, ratio=ratio, pdf=pdf, csv=_csv(drawn_data(shown.block)))


def _scores(document: TableDocument, about: Sequence[Block]) -> Scores:
    """The scores of a table, with what stands beside and below them.

    Args:
        document: the table of scores.
        about: the blocks about the scores, whose columns stand beside them and whose notes below.
    """
    layout, published = score_layout(document), published_note(document)
    beside = [block for block in about if block.lines]
    headings = headings_beside(beside)
    return Scores(
        table=document,
        layout=layout,
        many=len(layout.header) + len(headings) > MANY,
        provenance=provenance(document),
        cost=cost(document),
        beside=tuple(headings),
        others={line.heading.label: entries_beside(beside, line.heading.label) for line in layout.lines},
        notes=(
            *(note for block in about for note in block.notes),
            *((published,) if published else ()),
            *missing(document),
        ),
        published=published_cells(document),
    )


def cost(document: TableDocument) -> str:
    """A sentence on how many runs there are and how long they took together; empty if there are none."""
    total = sum(run.seconds for run in document.runs)
    minutes, seconds = divmod(round(total), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
    count = len(document.runs)
    return f"{count} run{'s' if count > 1 else ''} of {text}{' together' if count > 1 else ''}." if count else ""


def _facts(documents: Sequence[Document]) -> dict[str, Any]:
    """The details of all runs by the run's key, where details that several runs share are held once."""
    shared: list[Any] = []
    numbers: dict[str, int] = {}

    def number(part: Any) -> int:
        text = json.dumps(part, sort_keys=True)
        if text not in numbers:
            numbers[text] = len(shared)
            shared.append(part)
        return numbers[text]

    runs = {
        run.key: {"scores": run.scores}
        | {name: number(part) for name, part in zip(SHARED, (run.load, run.spec, run.environment), strict=True)}
        for document in documents
        if isinstance(document, TableDocument)
        for run in document.runs
    }
    return {"parts": SHARED, "shared": shared, "runs": runs}
