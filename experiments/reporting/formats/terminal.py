"""Prints a document of any kind on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.formats.columns import NumberColumn, print_columns
from experiments.reporting.text.layout import Heading, missing, score_layout
from experiments.reporting.text.phrases import PHANTOM_WARNING, mean_std
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import CellKey, Document, TableDocument

PLAIN = str.maketrans({"±": "+/-", "▲": "+", "▼": "-", "†": "=", "‡": "#"})
"""The replacements of special characters on a terminal that cannot show them."""

STYLES = {"strong": "bold", "warning": "bold red", "soft": "dim"}
"""The styles of sentences by their tone."""


def print_document(document: Document, console: Console) -> None:
    """Print a document with its notes, in plain characters where the console cannot show others."""
    blocks = [block for block in blocks_of(document) if not block.detail]
    scores = document if isinstance(document, TableDocument) else None
    _say(console, document.title, "bold")
    if document.edition == "phantom" and scores:
        _say(console, PHANTOM_WARNING, "yellow")
    before = [block for block in blocks if block.place != "after"]
    for block in before:
        _print_said(console, block)
    if scores:
        if any(block.said for block in before):
            console.print()
        _print_scores(console, scores)
    for block in blocks:
        if block.lines:
            if scores:
                console.print()
            _print_lines(console, block)
    if scores:
        console.print()
    for note in [*(note for block in blocks for note in block.notes), *([provenance(scores)] if scores else [])]:
        console.print(Padding(_text(console, note, "dim"), (0, 0, 0, 1)))
    for note in missing(scores) if scores else ():
        console.print(Padding(_text(console, note, "yellow"), (0, 0, 0, 1)))


def _text(console: Console, text: str, style: str = "") -> Text:
    return Text(text if _has_signs(console) else text.translate(PLAIN), style=style)


def _has_signs(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def _say(console: Console, text: str, style: str) -> None:
    console.print(_text(console, text, style))


def _print_said(console: Console, block: Block) -> None:
    """Print the sentences of a block, and its statements with their evidence."""
    for one in block.said:
        _say(console, f"{one.about}: {one.text}" if one.about else one.text, STYLES.get(one.tone, ""))
    for judged in block.judged:
        source = f" ({judged.source})" if judged.source else ""
        _say(console, f"{judged.title}{source}: {judged.word}.", "bold")
        if judged.text:
            _say(console, judged.text, "")
        for line in judged.evidence:
            _say(console, f"  {line.word}: {line.asked} ({line.found})", "")


def _print_scores(console: Console, document: TableDocument) -> None:
    layout = score_layout(document)
    columns = [
        NumberColumn(_above(console, heading), [_score(console, document, line.cell_keys[at]) for line in layout.lines])
        for at, heading in enumerate(layout.header)
    ]
    print_columns(console, layout.corner, [line.heading.text for line in layout.lines], columns)


def _print_lines(console: Console, block: Block) -> None:
    """Print the table of a block, whose cells are wrapped if any column holds words and are never cut otherwise."""
    if any(heading.wordy for heading in block.header):
        _print_words(console, [block.corner, *(heading.text for heading in block.header)], block)
        return
    columns = [
        NumberColumn(
            _text(console, f"{heading.title}\n{heading.detail}" if heading.detail else heading.title),
            [_text(console, line.entries[at].text) for line in block.lines],
        )
        for at, heading in enumerate(block.header)
    ]
    print_columns(console, block.corner, [line.name for line in block.lines], columns)


def _print_words(console: Console, header: Sequence[str], block: Block) -> None:
    table = Table(show_edge=False, pad_edge=False, safe_box=not _has_signs(console))
    for name in header:
        table.add_column(_text(console, name), overflow="fold")
    for line in block.lines:
        table.add_row(*(_text(console, text) for text in (line.name, *(entry.text for entry in line.entries))))
    console.print(table)


def _above(console: Console, heading: Heading) -> Text:
    return _text(console, f"{heading.label}\n{heading.detail}" if heading.detail else heading.label)


def _score(console: Console, document: TableDocument, cell_key: CellKey) -> Text:
    best = document.is_best(cell_key)
    mark = document.symbol(cell_key) or " "
    return _text(console, f"{'*' if best else ''}{mean_std(document.cells[cell_key])} {mark}", "bold" if best else "")
