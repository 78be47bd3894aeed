"""A table on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.reporting.text.costs import COST_TITLES, cost_lines, cost_texts
from experiments.reporting.text.layout import Heading, further_layout, score_layout
from experiments.reporting.text.provenance import provenance
from experiments.reporting.text.statements import found_of, method
from experiments.reporting.text.verdicts import judged_claims, planted_notes, verdict_of
from experiments.reporting.text.words import (
    PHANTOM_WARNING,
    effort_titles,
    efforts_by_row,
    mean_std,
    missing,
    notes,
    steps_by_row,
)
from experiments.tables.document import TableDocument


def print_table(document: TableDocument, console: Console) -> None:
    """Print the table with its notes; plain characters where the console has no others."""
    ascii_only = not console.encoding.lower().startswith("utf")
    console.print(Text(document.title, style="bold"))
    if document.edition == "phantom":
        console.print(Text(PHANTOM_WARNING, style="yellow"))
    if document.planted is not None:
        console.print(Text(f"Planted: {document.planted.sentence}"))
        console.print(Text(f"Found: {verdict_of(document)}.", style="bold"))
        for one in judged_claims(document):
            console.print(Text(f"  {one.verdict:9}  {one.text} ({one.evidence})"))
    for found in found_of(document):
        console.print(Text(f'"{found.sentence}" ({found.source}): {found.summary}.', style="bold"))
        for contrast in found.lines:
            console.print(Text(f"  {contrast.word}: {contrast.asked} ({contrast.found})"))
    table = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
    layout = score_layout(document)
    table.add_column(Text(layout.corner), overflow="fold")
    for heading in layout.header:
        table.add_column(_above(heading), justify="right")
    for line in layout.lines:
        table.add_row(Text(line.heading.text), *(_text(document, place, ascii_only) for place in line.places))
    console.print(table)
    if document.recommendation:
        console.print()
        for sentence in document.recommendation:
            console.print(Text(sentence, style="bold"))
    if (further := further_layout(document)) is not None:
        more = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
        more.add_column(Text(further.corner), overflow="fold")
        for heading in further.header:
            more.add_column(_above(heading), justify="right")
        for line in further.lines:
            more.add_row(Text(line.heading.text), *(mean_std(cell, ascii_only) for cell in line.cells))
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
    if networks := cost_lines(document):  # below the scores, since beside them they would not fit
        network = Table(show_edge=False, pad_edge=False, safe_box=ascii_only)
        network.add_column("network", overflow="fold")
        for title in COST_TITLES:
            network.add_column(title, justify="right")
        for label, cost in networks:
            network.add_row(Text(label), *cost_texts(cost))
        console.print()
        console.print(network)
    console.print()
    examined = [method(document)] if document.stated else []
    for note in [*planted_notes(document)[1:], *examined, *notes(document, ascii_only), provenance(document)]:
        console.print(Padding(Text(note, style="dim"), (0, 0, 0, 1)))
    for note in missing(document):
        console.print(Padding(Text(note, style="yellow"), (0, 0, 0, 1)))


def _above(heading: Heading) -> Text:
    return Text(f"{heading.label}\n{heading.detail}" if heading.detail else heading.label)


def _text(document: TableDocument, place: tuple[str, str], ascii_only: bool) -> Text:
    best = document.is_best(place)
    shown = mean_std(document.cells[place], ascii_only)
    mark = document.symbol(place, ascii_only) or " "
    return Text(f"{'*' if best else ''}{shown} {mark}", style="bold" if best else "")
