"""A document of any kind as LaTeX that goes into a paper: tables for booktabs, threeparttable and siunitx."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.formats.beside import entries_beside, headings_beside, parted
from experiments.reporting.formats.latex_table import NEEDS, Column, LatexTable, escape
from experiments.reporting.text.layout import capital, missing, score_layout
from experiments.reporting.text.metric_names import metric_name
from experiments.reporting.text.phrases import PHANTOM_WARNING, mean_std
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import CellKey, Document, TableDocument


def to_latex(document: Document) -> str:
    """A document as floats of LaTeX, each with a short caption, a label and notes below it.

    The first one holds the scores and is labelled ``tab:NAME``. What else there is follows in floats of its own, which
    are labelled ``tab:NAME-2`` and so on.
    """
    blocks = [block for block in blocks_of(document) if not block.detail]
    beside, below = parted(blocks)
    scores = document if isinstance(document, TableDocument) else None
    tables = [_scores(scores, beside, [one for one in blocks if one not in below])] if scores else []
    tables += [_of_block(block, document.title) for block in below]
    labels = [f"{document.name}-{number}" if number > 1 else document.name for number in range(1, len(tables) + 1)]
    return "\n".join([NEEDS, *(table.text(label) for table, label in zip(tables, labels, strict=True))])


def _told(blocks: Sequence[Block]) -> Iterator[str]:
    """The sentences, statements and notes of blocks."""
    for block in blocks:
        yield from (one.text for one in block.said)
        for judged in block.judged:
            title = f'"{judged.title}" ({judged.source})' if judged.source else judged.title
            yield f"{title}: {judged.word}. {judged.text}".rstrip()
            yield from (f"{line.asked} ({line.found}): {line.word}." for line in judged.evidence)
    yield from (note for block in blocks for note in block.notes)


def _scores(document: TableDocument, beside: Sequence[Block], told_of: Sequence[Block]) -> LatexTable:
    """The table of scores, with the notes of all blocks that have no table of their own."""
    named = tuple((label, metric_name(metric)) for label, metric in document.columns)
    layout = score_layout(dataclasses.replace(document, columns=named))
    columns = [
        Column(heading.text, tuple(_cell(document, line.cell_keys[place]) for line in layout.lines))
        for place, heading in enumerate(layout.header)
    ]
    others = [[entry.text for entry in entries_beside(beside, line.heading.label)] for line in layout.lines]
    columns += [
        Column(heading.text, tuple(escape(line[place]) for line in others), heading.wordy)
        for place, heading in enumerate(headings_beside(beside))
    ]
    phantom = [PHANTOM_WARNING] if document.edition == "phantom" else []
    return LatexTable(
        caption=document.title,
        corner=capital(layout.corner),
        names=tuple(line.heading.text for line in layout.lines),
        columns=tuple(columns),
        notes=(*phantom, provenance(document), *_told(told_of), *missing(document)),
    )


def _of_block(block: Block, title: str) -> LatexTable:
    columns = (
        Column(heading.text, tuple(escape(line.entries[place].text) for line in block.lines), heading.wordy)
        for place, heading in enumerate(block.header)
    )
    return LatexTable(
        caption=f"{title}: {block.title or block.corner}",
        corner=capital(block.corner),
        names=tuple(line.name for line in block.lines),
        columns=tuple(columns),
        notes=tuple(_told([block])),
    )


def _cell(document: TableDocument, cell_key: CellKey) -> str:
    r"""A cell as siunitx reads it: an optional ``\bfseries``, the number, and the mark in braces."""
    number = re.sub("±", r"\\pm", mean_std(document.cells[cell_key]))
    number = rf"\bfseries {number}" if document.is_best(cell_key) else number
    mark = document.symbol(cell_key)
    return f"{number} {{{escape(mark)}}}" if mark else number
