"""A table as LaTeX, for booktabs."""

from __future__ import annotations

from experiments.rendering.document import TableDocument
from experiments.rendering.words import mean_std, missing, notes, provenance, steps_by_row

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
    lines = [
        "% needs \\usepackage{booktabs,amssymb}",
        "\\begin{table}",
        f"\\caption{{{escape(' '.join([document.title + '.', provenance(document), *notes(document)]))}}}",
        f"\\begin{{tabular}}{{l{'r' * len(document.columns)}}}",
        "\\toprule",
        " & ".join(["Initialization", *(escape(f"{label} ({metric})") for label, metric in document.columns)])
        + " \\\\",
        "\\midrule",
    ]
    for row, _ in document.rows:
        cells = []
        for column, _ in document.columns:
            text = escape(mean_std(document.cells[row, column]))
            text = f"\\textbf{{{text}}}" if document.is_best((row, column)) else text
            mark = document.symbol((row, column))
            cells.append(f"{text} {escape(mark)}" if mark else text)
        lines.append(" & ".join([escape(row), *cells]) + " \\\\")
    lines += ["\\bottomrule", "\\end{tabular}", *_steps(document)]
    lines += [f"% {line}" for line in missing(document)]
    return "\n".join([*lines, "\\end{table}", ""])


def _steps(document: TableDocument) -> list[str]:
    """A second ``tabular``, of the steps to the threshold."""
    steps = steps_by_row(document)
    if not steps:
        return []
    head, *body = [" & ".join(map(escape, line)) + " \\\\" for line in steps]
    return [
        "\\par\\medskip",
        f"\\begin{{tabular}}{{l{'r' * (len(steps[0]) - 1)}}}",
        "\\toprule",
        head,
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}",
    ]
