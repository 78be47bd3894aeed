"""A document of any kind as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.formats.beside import entries_beside, headings_beside, parted
from experiments.reporting.text.layout import capital, missing, score_layout
from experiments.reporting.text.phrases import PHANTOM_WARNING, mean_std
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import CellKey, Document, TableDocument


def escape(text: str) -> str:
    """Escape a text, so that Markdown prints it as it is, inside a table too."""
    return "".join("\\" + character if character in "\\`*_{}[]<>#|" else character for character in text)


def to_markdown(document: Document) -> str:
    """A document as Markdown: pipe tables with their notes."""
    blocks = [block for block in blocks_of(document) if not block.detail]
    scores = document if isinstance(document, TableDocument) else None
    beside, below = parted(blocks)
    lines = [f"### {escape(document.title)}", ""]
    if scores and scores.edition == "phantom":
        lines += [f"**{PHANTOM_WARNING}**", ""]
    if said := [line for block in blocks for line in _said(block)]:
        lines += [*said, ""]
    if scores:
        lines += _scores(scores, beside)
    for block in below:
        lines += block_table(block)
    told = [note for block in blocks for note in block.notes]
    told += [provenance(scores), *missing(scores)] if scores else []
    return "\n".join([*lines, *(f"- {escape(line)}" for line in told), ""])


def _said(block: Block) -> list[str]:
    """The items of a list with a block's sentences, and its statements with their evidence."""
    lines = [f"- {escape(f'{one.about}: {one.text}' if one.about else one.text)}" for one in block.said]
    for judged in block.judged:
        source = f" ({judged.source})" if judged.source else ""
        lines.append(f"- {escape(f'{judged.title}{source}: {judged.word}. {judged.text}'.rstrip())}")
        lines += [f"  - {escape(f'{line.word}: {line.asked} ({line.found})')}" for line in judged.evidence]
    return lines


def _scores(document: TableDocument, beside: Sequence[Block]) -> list[str]:
    layout = score_layout(document)
    above = [heading.text for heading in layout.header] + [heading.text for heading in headings_beside(beside)]
    header = [capital(layout.corner), *above]
    body = []
    for line in layout.lines:
        others = [escape(entry.text) for entry in entries_beside(beside, line.heading.label)]
        body.append([escape(line.heading.text), *(_cell(document, cell_key) for cell_key in line.cell_keys), *others])
    return pipe_table([escape(text) for text in header], body)


def block_table(block: Block) -> list[str]:
    """The lines of a block's table as a pipe table."""
    header = [capital(block.corner), *(heading.text for heading in block.header)]
    body = [[escape(text) for text in (line.name, *(entry.text for entry in line.entries))] for line in block.lines]
    return pipe_table([escape(text) for text in header], body, [heading.wordy for heading in block.header])


def _cell(document: TableDocument, cell_key: CellKey) -> str:
    text = mean_std(document.cells[cell_key])
    text = f"**{text}**" if document.is_best(cell_key) else text
    return f"{text} {document.symbol(cell_key)}".strip()


def pipe_table(header: Sequence[str], rows: Sequence[Sequence[str]], wordy: Sequence[bool] = ()) -> list[str]:
    """The lines of a pipe table, whose first column and columns of words are aligned left, and the others right.

    Args:
        header: the headings of the columns, which are escaped already.
        rows: the texts of each line, one for each column, which are escaped already.
        wordy: for each column after the first, whether it holds words; empty: none does.
    """
    rule = ["---", *("---" if words else "---:" for words in (wordy or [False] * (len(header) - 1)))]
    return [*("| " + " | ".join(line) + " |" for line in [header, rule, *rows]), ""]
