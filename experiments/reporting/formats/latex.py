"""A document of any kind as LaTeX, for booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.formats.beside import entries_beside, headings_beside, parted
from experiments.reporting.text.layout import capital, missing, score_layout
from experiments.reporting.text.phrases import mean_std
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import CellKey, Document, TableDocument

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "▲": r"$\blacktriangle$", "▼": r"$\blacktriangledown$", "±": r"$\pm$", "†": r"\dag{}", "‡": r"\ddag{}",
}  # fmt: skip


def escape(text: str) -> str:
    """Escape a text, so that LaTeX prints it as it is."""
    return "".join(SPECIAL.get(character, character) for character in text)


def to_latex(document: Document) -> str:
    r"""A document as a ``table`` environment, which needs ``\usepackage{booktabs,amssymb}``."""
    blocks = [block for block in blocks_of(document) if not block.detail]
    scores = document if isinstance(document, TableDocument) else None
    beside, below = parted(blocks)
    caption = [document.title + ".", *([provenance(scores)] if scores else []), *_said(blocks)]
    lines = [
        "% needs \\usepackage{booktabs,amssymb}",
        "\\begin{table}",
        f"\\caption{{{escape(' '.join(caption))}}}",
    ]
    tables = [_scores(scores, beside)] if scores else []
    tables += [_of_block(block) for block in below]
    lines += [line for number, table in enumerate(tables) for line in [*(["", "\\medskip"] if number else []), *table]]
    lines += [f"% {line}" for line in (missing(scores) if scores else ())]
    return "\n".join([*lines, "\\end{table}", ""])


def _said(blocks: Sequence[Block]) -> Iterator[str]:
    """The sentences, statements and notes of blocks, which are put into the caption."""
    for block in blocks:
        yield from (one.text for one in block.said)
        for judged in block.judged:
            title = f'"{judged.title}" ({judged.source})' if judged.source else judged.title
            yield f"{title}: {judged.word}. {judged.text}".rstrip()
            yield from (f"{line.asked} ({line.found}): {line.word}." for line in judged.evidence)
    yield from (note for block in blocks for note in block.notes)


def _scores(document: TableDocument, beside: Sequence[Block]) -> list[str]:
    layout = score_layout(document)
    header = [heading.text for heading in layout.header] + [heading.text for heading in headings_beside(beside)]
    body = []
    for line in layout.lines:
        others = [escape(entry.text) for entry in entries_beside(beside, line.heading.label)]
        body.append([escape(line.heading.text), *(_cell(document, cell_key) for cell_key in line.cell_keys), *others])
    return _tabular([capital(layout.corner), *header], body)


def _of_block(block: Block) -> list[str]:
    body = [[escape(text) for text in (line.name, *(entry.text for entry in line.entries))] for line in block.lines]
    wordy = [heading.wordy for heading in block.header]
    return _tabular([capital(block.corner), *(heading.text for heading in block.header)], body, wordy)


def _cell(document: TableDocument, cell_key: CellKey) -> str:
    text = escape(mean_std(document.cells[cell_key]))
    text = f"\\textbf{{{text}}}" if document.is_best(cell_key) else text
    mark = document.symbol(cell_key)
    return f"{text} {escape(mark)}" if mark else text


def _tabular(header: Sequence[str], body: Sequence[Sequence[str]], wordy: Sequence[bool] = ()) -> list[str]:
    """The lines of a ``tabular`` environment.

    Args:
        header: the headings of the columns, which are escaped here.
        body: the texts of each line, one for each column, which are escaped already.
        wordy: for each column after the first, whether it holds words and is aligned left; empty: none does.
    """
    rows = [" & ".join(cells) + " \\\\" for cells in [[escape(text) for text in header], *body]]
    columns = "".join("l" if words else "r" for words in (wordy or [False] * (len(header) - 1)))
    start = [f"\\begin{{tabular}}{{l{columns}}}", "\\toprule"]
    return [*start, rows[0], "\\midrule", *rows[1:], "\\bottomrule", "\\end{tabular}"]
