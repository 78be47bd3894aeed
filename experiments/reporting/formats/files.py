"""A table's files, one per format."""

from __future__ import annotations

from pathlib import Path

from experiments.reporting.drawings.drawings import ENDINGS, drawings
from experiments.reporting.drawings.pictures import remove_drawing, write_drawing
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.formats.plain import to_json
from experiments.tables.document import TableDocument
from specs.files import write_text


def write_all(document: TableDocument, folder: Path) -> list[Path]:
    """Write NAME.csv, .tex, .md and .json into a folder, and its drawings as .png and .svg; returns their paths.

    Pictures that the table had before, and has no more, are taken away: they would stand beside other numbers.
    """
    texts = {
        "csv": to_csv(document),
        "tex": to_latex(document),
        "md": to_markdown(document),
        "json": to_json(document),
    }
    paths = []
    for ending, text in texts.items():
        paths.append(folder / f"{document.name}.{ending}")
        write_text(paths[-1], text)
    drawn = drawings(document)
    for ending in ENDINGS:
        if ending not in drawn:
            remove_drawing(f"{document.name}{ending}", folder)
    for name, drawing in drawn.items():
        paths += write_drawing(drawing, f"{document.name}{name}", folder)
    return paths
