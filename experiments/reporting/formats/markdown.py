"""A table as Markdown."""

from __future__ import annotations

from experiments.reporting.text.costs import COST_TITLES, cost_lines, cost_texts, costs_beside
from experiments.reporting.text.counts import count_lines, count_note
from experiments.reporting.text.layout import capital, further_layout, score_layout
from experiments.reporting.text.provenance import provenance
from experiments.reporting.text.statements import statement_notes
from experiments.reporting.text.verdicts import planted_notes
from experiments.reporting.text.words import (
    PHANTOM_WARNING,
    effort_titles,
    efforts_by_row,
    mean_std,
    missing,
    notes,
    steps_by_row,
)
from experiments.tables.document import Place, TableDocument


def escape(text: str) -> str:
    """Text that Markdown prints as it is, inside a table too."""
    return "".join("\\" + character if character in "\\`*_{}[]<>#|" else character for character in text)


def to_markdown(document: TableDocument) -> str:
    """A pipe table with its notes."""
    lines = [f"### {escape(document.title)}", ""]
    if document.edition == "phantom":
        lines += [f"**{PHANTOM_WARNING}**", ""]
    if document.recommendation:
        lines += [*(f"- {escape(sentence)}" for sentence in document.recommendation), ""]
    layout, beside = score_layout(document), costs_beside(document)
    header = [escape(text) for text in (capital(layout.corner), *(heading.text for heading in layout.header))]
    lines += pipe_table(
        [*header, *(COST_TITLES if beside else ())],
        [
            [
                escape(line.heading.text),
                *(_cell(document, place) for place in line.places),
                *(cost_texts(beside[line.heading.label]) if beside else ()),
            ]
            for line in layout.lines
        ],
    )
    if counts := count_lines(document):
        heading, *others = [[escape(text) for text in line] for line in counts]
        lines += pipe_table([capital(heading[0]), *heading[1:]], others)
    if (further := further_layout(document)) is not None:
        lines += pipe_table(
            [escape(text) for text in (capital(further.corner), *(heading.text for heading in further.header))],
            [[escape(line.heading.text), *(mean_std(cell) for cell in line.cells)] for line in further.lines],
        )
    if efforts := efforts_by_row(document):
        lines += pipe_table(
            ["Effort, mean over tasks", *effort_titles(document)], [[escape(row), *texts] for row, *texts in efforts]
        )
    if steps := steps_by_row(document):
        head, *rest = [[escape(text) for text in line] for line in steps]
        lines += pipe_table(head, rest)
    if not beside and (networks := cost_lines(document)):
        lines += pipe_table(["Network", *COST_TITLES], [[escape(label), *cost_texts(cost)] for label, cost in networks])
    lines += [
        f"- {escape(line)}"
        for line in [
            *planted_notes(document),
            *statement_notes(document),
            *notes(document),
            *count_note(document),
            provenance(document),
            *missing(document),
        ]
    ]
    return "\n".join([*lines, ""])


def _cell(document: TableDocument, place: Place) -> str:
    text = mean_std(document.cells[place])
    text = f"**{text}**" if document.is_best(place) else text
    return f"{text} {document.symbol(place)}".strip()


def pipe_table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a table of escaped texts, the first column at the left and the others at the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return [*("| " + " | ".join(line) + " |" for line in [header, rule, *rows]), ""]
