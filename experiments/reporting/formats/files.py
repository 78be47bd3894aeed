"""A table's files, one per format."""

from __future__ import annotations

from pathlib import Path

from experiments.reporting.drawings.drawings import drawings
from experiments.reporting.drawings.pictures import write_drawing
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.formats.plain import to_json
from experiments.tables.document import TableDocument
from specs.files import write_text


def write_all(document: TableDocument, folder: Path) -> list[Path]:
    """Write NAME.csv, .tex, .md and .json into a folder, and its drawings as .png and .svg; returns their paths."""
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
    for name, drawing in drawings(document).items():
        paths += write_drawing(drawing, f"{document.name}{name}", folder)
    return paths
