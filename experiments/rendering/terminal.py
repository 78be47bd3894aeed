"""A table on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.rendering.document import TableDocument
from experiments.rendering.words import (
    PHANTOM_WARNING,
    effort_titles,
    efforts_by_row,
    further_scores,
    mean_std,
    missing,
    notes,
    provenance,
    steps_by_row,
)


def print_table(document: TableDocument, console: Console) -> None:
    """Print the table with its notes; plain characters where the console has no others."""
    ascii_only = not console.encoding.lower().startswith("utf")
    console.print(Text(document.title, style="bold"))
    if document.edition == "phantom":
        console.print(Text(PHANTOM_WARNING, style="yellow"))
    table = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
    table.add_column("initialization", overflow="fold")
    for label, metric in document.columns:
        table.add_column(f"{label}\n{metric}", justify="right")
    for row, _ in document.rows:
        table.add_row(Text(row), *(_text(document, (row, column), ascii_only) for column, _ in document.columns))
    console.print(table)
    if document.recommendation:
        console.print()
        for line in document.recommendation:
            console.print(Text(line, style="bold"))
    scores = further_scores(document)
    if scores:
        more = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
        more.add_column("further scores", overflow="fold")
        for title, column in scores:
            more.add_column(f"{column}\n{title}", justify="right")
        for row, _ in document.rows:
            cells = [document.secondary[title][row, column] for title, column in scores]
            more.add_row(Text(row), *(mean_std(cell, ascii_only) for cell in cells))
        console.print()
        console.print(more)
    if efforts := efforts_by_row(document):
        effort = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
        effort.add_column("effort, mean over tasks", overflow="fold")
        for title in effort_titles(document):
            effort.add_column(title, justify="right")
        for row, *texts in efforts:
            effort.add_row(Text(row), *texts)
        console.print()
        console.print(effort)
    if steps := steps_by_row(document):
        (title, *columns), *lines = steps
        reached = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
        reached.add_column(title[0].lower() + title[1:], overflow="fold")
        for column in columns:
            reached.add_column(column, justify="right")
        for row, *texts in lines:
            reached.add_row(Text(row), *texts)
        console.print()
        console.print(reached)
    console.print()
    for line in [*notes(document, ascii_only), provenance(document)]:
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 1)))
    for line in missing(document):
        console.print(Padding(Text(line, style="yellow"), (0, 0, 0, 1)))


def _text(document: TableDocument, place: tuple[str, str], ascii_only: bool) -> Text:
    best = document.is_best(place)
    shown = mean_std(document.cells[place], ascii_only)
    mark = document.symbol(place, ascii_only) or " "
    return Text(f"{'*' if best else ''}{shown} {mark}", style="bold" if best else "")
