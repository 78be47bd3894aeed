"""A table's files, one per format."""

from __future__ import annotations

import json
from pathlib import Path

from experiments.rendering.comma_separated import to_csv
from experiments.rendering.document import TableDocument
from experiments.rendering.html import to_html
from experiments.rendering.latex import to_latex
from experiments.rendering.markdown import to_markdown
from specs.files import write_text


def write_all(document: TableDocument, folder: Path) -> list[Path]:
    """Write NAME.csv, .tex, .md, .html and .json into a folder; returns their paths."""
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
    return paths
