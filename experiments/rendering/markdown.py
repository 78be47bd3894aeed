"""A table as Markdown."""

from __future__ import annotations

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


def escape(text: str) -> str:
    """Text that Markdown prints as it is, inside a table too."""
    return "".join("\\" + character if character in "\\`*_{}[]<>#|" else character for character in text)


def to_markdown(document: TableDocument) -> str:
    """A pipe table with its notes."""
    lines = [f"### {escape(document.title)}", ""]
    if document.edition == "phantom":
        lines += [f"**{PHANTOM_WARNING}**", ""]
    lines += pipe_table(
        ["Initialization", *(f"{escape(label)} ({escape(metric)})" for label, metric in document.columns)],
        [[escape(row), *(_cell(document, row, column) for column, _ in document.columns)] for row, _ in document.rows],
    )
    scores = further_scores(document)
    if scores:
        lines += pipe_table(
            ["Further scores", *(escape(f"{column}: {title}") for title, column in scores)],
            [
                [escape(row), *(mean_std(document.secondary[title][row, column]) for title, column in scores)]
                for row, _ in document.rows
            ],
        )
    if efforts := efforts_by_row(document):
        lines += pipe_table(
            ["Effort, mean over tasks", *effort_titles(document)], [[escape(row), *texts] for row, *texts in efforts]
        )
    if steps := steps_by_row(document):
        head, *rest = [[escape(text) for text in line] for line in steps]
        lines += pipe_table(head, rest)
    lines += [f"- {escape(line)}" for line in [*notes(document), provenance(document), *missing(document)]]
    return "\n".join([*lines, ""])


def _cell(document: TableDocument, row: str, column: str) -> str:
    text = mean_std(document.cells[row, column])
    text = f"**{text}**" if document.is_best((row, column)) else text
    return f"{text} {document.symbol((row, column))}".strip()


def pipe_table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a table of escaped texts, the first column at the left and the others at the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return [*("| " + " | ".join(line) + " |" for line in [header, rule, *rows]), ""]
