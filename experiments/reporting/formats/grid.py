"""A plain grid of texts: on the terminal, as CSV, Markdown and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.reporting.formats.markdown import escape, pipe_table
from specs.errors import DataError
from specs.files import write_text


@dataclass(frozen=True)
class Grid:
    """Texts in rows and columns.

    Attributes:
        title: above it.
        header: names of the columns.
        rows: as many texts each.
        notes: below it.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def print_grid(grid: Grid, console: Console) -> None:
    """Print it."""
    console.print(Text(grid.title, style="bold"))
    table = Table(show_edge=False, pad_edge=False, safe_box=not console.encoding.lower().startswith("utf"))
    for name in grid.header:
        table.add_column(name, overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(text) for text in row))
    console.print(table)
    for note in grid.notes:
        console.print(Text(note, style="dim"))


def read_grid(path: Path) -> Grid:
    """What ``write_grid`` wrote as NAME.json.

    Raises:
        DataError: if it is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        header = tuple(map(str, data["header"]))
        rows = [tuple(str(row[name]) for name in header) for row in data["rows"]]
        return Grid(str(data["title"]), header, rows, tuple(map(str, data["notes"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is no table ({type(error).__name__}: {error}); expected a file that `medtransfer table` wrote."
        ) from error


def grid_json(grid: Grid) -> str:
    """The grid as JSON text, which ``read_grid`` reads back."""
    plain = {
        "title": grid.title,
        "header": list(grid.header),
        "rows": [dict(zip(grid.header, row, strict=True)) for row in grid.rows],
        "notes": list(grid.notes),
    }
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def write_grid(grid: Grid, name: str, folder: Path) -> list[Path]:
    """Write NAME.csv, .md and .json into a folder; returns their paths."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([grid.header, *grid.rows])
    rows = [[escape(cell) for cell in row] for row in grid.rows]
    lines = [f"### {escape(grid.title)}", "", *pipe_table([escape(cell) for cell in grid.header], rows)]
    texts = {
        "csv": text.getvalue(),
        "md": "\n".join([*lines, *(f"- {escape(note)}" for note in grid.notes), ""]),
        "json": grid_json(grid),
    }
    paths = []
    for ending, content in texts.items():
        paths.append(folder / f"{name}.{ending}")
        write_text(paths[-1], content)
    return paths
