"""Writes the files of a document, one per format, and its drawings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reporting.blocks.building.block import Block, drawn_data
from experiments.reporting.blocks.building.kind import blocks_of, kinds
from experiments.reporting.drawings.pictures import OF_PATIENTS, remove_drawing, write_drawing
from experiments.reporting.formats.comma_separated import lines_as_csv, to_csv
from experiments.reporting.formats.json_format import to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.tables.document import Document
from specs.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

FORMATS = {"csv": to_csv, "tex": to_latex, "md": to_markdown, "json": to_json}
"""The functions that make the text of a file, by the ending of its name."""


def blocks_drawn(document: Document) -> Iterator[tuple[Block, Drawing]]:
    """The blocks of a document that have a drawing, each with it."""
    for block in blocks_of(document):
        if block.drawing is not None and (drawing := block.drawing()) is not None:
            yield block, drawing


def drawings_of(document: Document) -> Iterator[tuple[str, Drawing]]:
    """The drawings of a document, each with the text that follows the document's name in the names of its files."""
    for block, drawing in blocks_drawn(document):
        yield block.ending, drawing


def write_all(document: Document, folder: Path) -> list[Path]:
    """Write NAME.csv, .tex, .md and .json into a folder, and its drawings; returns the paths of all files.

    A drawing is written as .png, .svg and .pdf, and its numbers as .csv, but for a drawing of the scores or texts
    themselves, whose numbers are in NAME.csv. Files that an earlier table of this name had and this one has not are
    removed, since they show other numbers.
    """
    paths = []
    for ending, text in [(ending, render(document)) for ending, render in FORMATS.items()]:
        paths.append(folder / f"{document.name}.{ending}")
        write_text(paths[-1], text)
    drawn = {block.ending: (block, drawing) for block, drawing in blocks_drawn(document)}
    for ending in {"", OF_PATIENTS, *(ending for kind in kinds().values() for ending in kind.endings)} - set(drawn):
        remove_drawing(f"{document.name}{ending}", folder)
        if ending:
            (folder / f"{document.name}{ending}.csv").unlink(missing_ok=True)
    for ending, (block, drawing) in drawn.items():
        paths += write_drawing(drawing, f"{document.name}{ending}", folder)
        if ending not in ("", OF_PATIENTS):
            paths.append(folder / f"{document.name}{ending}.csv")
            write_text(paths[-1], lines_as_csv(drawn_data(block)))
    return paths
