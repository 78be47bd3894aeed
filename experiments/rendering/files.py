"""A table's files, one per format."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from experiments.rendering.comma_separated import to_csv
from experiments.rendering.document import TableDocument
from experiments.rendering.drawings import drawings, drawn
from experiments.rendering.latex import to_latex
from experiments.rendering.markdown import to_markdown
from experiments.rendering.plain import to_json
from specs.files import replacing, write_text

PICTURES: tuple[Literal["png", "svg"], ...] = ("png", "svg")


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
        for kind in PICTURES:
            paths.append(folder / f"{document.name}{name}.{kind}")
            with replacing(paths[-1]) as temporary:
                temporary.write_bytes(drawn(drawing, kind))
    return paths
