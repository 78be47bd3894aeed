"""A table's files, one per format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from experiments.rendering.comma_separated import to_csv
from experiments.rendering.document import PHANTOM_WARNING, TableDocument
from experiments.rendering.html import to_html
from experiments.rendering.latex import to_latex
from experiments.rendering.markdown import to_markdown
from specs.files import replacing, write_text


def write_all(document: TableDocument, folder: Path) -> list[Path]:
    """Write NAME.csv, .tex, .md, .html and .json into a folder, and drawings if it has any; returns their paths."""
    texts = {
        "csv": to_csv(document),
        "tex": to_latex(document),
        "md": to_markdown(document),
        "html": to_html(document),
        "json": json.dumps(document.to_json(), indent=1, ensure_ascii=False) + "\n",
    }
    paths = []
    for ending, text in texts.items():
        paths.append(folder / f"{document.name}.{ending}")
        write_text(paths[-1], text)
    return [*paths, *_drawings(document, folder)]


def _drawings(document: TableDocument, folder: Path) -> Iterator[Path]:
    """NAME.png and NAME.svg, and NAME-ranks of both kinds, as far as the table is drawn."""
    if document.figure is None:
        return
    from experiments.rendering.panels import draw_panels
    from experiments.rendering.rank_diagram import draw_ranks

    drawings = {document.name: draw_panels(document)}
    if document.ranks is not None:
        warning = f"\n{PHANTOM_WARNING}" if document.edition == "phantom" else ""
        drawings[f"{document.name}-ranks"] = draw_ranks(document.ranks, f"{document.title}: mean ranks.{warning}")
    for name, drawing in drawings.items():
        for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            path = folder / f"{name}.{ending}"
            with replacing(path) as temporary:
                drawing.savefig(temporary, format=ending, dpi=160, metadata=metadata)
            yield path
