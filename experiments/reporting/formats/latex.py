"""A table as LaTeX, for booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.reporting.text.costs import COST_TITLES, cost_lines, cost_texts, costs_beside
from experiments.reporting.text.counts import count_lines, count_note
from experiments.reporting.text.layout import capital, further_layout, score_layout
from experiments.reporting.text.provenance import provenance
from experiments.reporting.text.statements import statement_notes
from experiments.reporting.text.verdicts import planted_notes
from experiments.reporting.text.words import mean_std, missing, notes, steps_by_row
from experiments.tables.document import Place, TableDocument

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "▲": r"$\blacktriangle$", "▼": r"$\blacktriangledown$", "±": r"$\pm$", "†": r"\dag{}", "‡": r"\ddag{}",
}  # fmt: skip


def escape(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(SPECIAL.get(character, character) for character in text)


def to_latex(document: TableDocument) -> str:
    r"""A ``table`` environment; needs ``\usepackage{booktabs,amssymb}``."""
    layout, beside = score_layout(document), costs_beside(document)
    findings = (*planted_notes(document), *statement_notes(document))
    said = (document.title + ".", provenance(document), *findings, *notes(document), *count_note(document))
    lines = [
        "% needs \\usepackage{booktabs,amssymb}",
        "\\begin{table}",
        f"\\caption{{{escape(' '.join(said))}}}",
    ]
    body = []
    for line in layout.lines:
        costs = cost_texts(beside[line.heading.label]) if beside else ()
        body.append([escape(line.heading.text), *(_cell(document, place) for place in line.places), *costs])
    header = [capital(layout.corner), *(heading.text for heading in layout.header), *(COST_TITLES if beside else ())]
    lines += _tabular(header, body)
    if counts := count_lines(document):
        (title, *columns), *others = counts
        held = [[escape(text) for text in line] for line in others]
        lines += ["", "\\medskip", *_tabular([capital(title), *columns], held)]
    if (further := further_layout(document)) is not None:
        rest = [[escape(line.heading.text), *(escape(mean_std(cell)) for cell in line.cells)] for line in further.lines]
        above = [capital(further.corner), *(heading.text for heading in further.header)]
        lines += ["", "\\medskip", *_tabular(above, rest)]
    if not beside and (networks := cost_lines(document)):
        lines += ["", "\\medskip"]
        lines += _tabular(["Network", *COST_TITLES], [[escape(label), *cost_texts(cost)] for label, cost in networks])
    if steps := steps_by_row(document):
        rest = [[escape(text) for text in line] for line in steps[1:]]
        lines += ["", "\\medskip", *_tabular(steps[0], rest)]
    lines += [f"% {line}" for line in missing(document)]
    return "\n".join([*lines, "\\end{table}", ""])


def _cell(document: TableDocument, place: Place) -> str:
    text = escape(mean_std(document.cells[place]))
    text = f"\\textbf{{{text}}}" if document.is_best(place) else text
    mark = document.symbol(place)
    return f"{text} {escape(mark)}" if mark else text


def _tabular(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a ``tabular``; the texts of the body are escaped already."""
    rows = [" & ".join(cells) + " \\\\" for cells in [[escape(text) for text in header], *body]]
    start = [f"\\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", "\\toprule"]
    return [*start, rows[0], "\\midrule", *rows[1:], "\\bottomrule", "\\end{tabular}"]
