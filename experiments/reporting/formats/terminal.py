"""A table on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from experiments.reporting.formats.columns import NumberColumn, print_columns
from experiments.reporting.text.costs import COST_TITLES, cost_lines, cost_texts
from experiments.reporting.text.counts import count_lines, count_note
from experiments.reporting.text.layout import Heading, Layout, Line, further_layout, score_layout
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
    layout = score_layout(document)
    _print(console, layout, lambda line: [_text(document, place, ascii_only) for place in line.places])
    if counts := count_lines(document):
        console.print()
        _print_texts(console, counts[0], counts[1:])
    if document.recommendation:
        console.print()
        alarm = document.decided is not None and document.decided.alarm
        for number, sentence in enumerate(document.recommendation):
            leading = number == alarm  # an alarm comes before the advice
            console.print(Text(sentence, style="bold" if leading else "bold red" if number < alarm else ""))
    if (further := further_layout(document)) is not None:
        console.print()
        _print(console, further, lambda line: [Text(mean_std(cell, ascii_only)) for cell in line.cells])
    tables = []
    if efforts := efforts_by_row(document):
        tables.append((("effort, mean over tasks", *effort_titles(document)), efforts))
    if steps := steps_by_row(document):
        (title, *columns), *lines = steps
        tables.append(((title[0].lower() + title[1:], *columns), lines))
    if networks := cost_lines(document):  # below the scores, since beside them they would not fit
        tables.append((("network", *COST_TITLES), [(label, *cost_texts(cost)) for label, cost in networks]))
    for header, lines in tables:
        console.print()
        _print_texts(console, header, lines)
    console.print()
    examined = [method(document)] if document.stated else []
    said = [*planted_notes(document)[1:], *examined, *notes(document, ascii_only), *count_note(document)]
    for note in [*said, provenance(document)]:
        console.print(Padding(Text(note, style="dim"), (0, 0, 0, 1)))
    for note in missing(document):
        console.print(Padding(Text(note, style="yellow"), (0, 0, 0, 1)))


def _print(console: Console, layout: Layout, cells_of: Callable[[Line], list[Text]]) -> None:
    """Print scores."""
    cells = [cells_of(line) for line in layout.lines]
    columns = [
        NumberColumn(_above(heading), [of[place] for of in cells]) for place, heading in enumerate(layout.header)
    ]
    print_columns(console, layout.corner, [line.heading.text for line in layout.lines], columns)


def _print_texts(console: Console, header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print lines whose first text is their name."""
    columns = [
        NumberColumn(Text(title), [Text(line[place]) for line in lines])
        for place, title in enumerate(header)
        if place > 0
    ]
    print_columns(console, header[0], [line[0] for line in lines], columns)


def _above(heading: Heading) -> Text:
    return Text(f"{heading.label}\n{heading.detail}" if heading.detail else heading.label)


def _text(document: TableDocument, place: tuple[str, str], ascii_only: bool) -> Text:
    best = document.is_best(place)
    shown = mean_std(document.cells[place], ascii_only)
    mark = document.symbol(place, ascii_only) or " "
    return Text(f"{'*' if best else ''}{shown} {mark}", style="bold" if best else "")
