"""LaTeX that goes into a paper: it is compiled where there is a TeX, and looked at as text everywhere."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.latex_table import NOTES_ROOM, Column, LatexTable, escape
from experiments.tables.document import Cell
from tests.experiments.example_table import document

PAGE = r"""\documentclass{article}
\usepackage{array,booktabs,threeparttable,rotating,amssymb,siunitx}
\begin{document}
%s
\end{document}
"""

ODD = '"a_1 <50%> & more" ~ {x^2} #3 $5 \\n | −1 × 2 ≤ 3 → 4, --set x=1'


def table(columns: int, width: int = 20, notes: tuple[str, ...] = ()) -> LatexTable:
    numbers = tuple(Column(f"Column {number}", (r"95.31 \pm 0.42 {\dag{}}", "-")) for number in range(columns))
    return LatexTable("A caption", "Row", ("n" * width, "short"), numbers, notes)


def compiled(text: str, folder: Path) -> str:
    """What LaTeX says of a text; it must compile."""
    (folder / "page.tex").write_text(PAGE % text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def test_it_is_balanced_and_escaped_and_numbers_are_siunitxs() -> None:
    text = to_latex(document())
    for environment in ("table", "threeparttable", "tabular*"):
        assert text.count(f"\\begin{{{environment}}}") == text.count(f"\\end{{{environment}}}") == 2
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 2 * 4  # the scores and the further ones
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == 2
        assert not re.search(r"(?<!\\)[%_#]", line)
        assert line.count("{") == line.count("}")
    assert r"\bfseries 61.00 \pm 1.00 {$\blacktriangle$}" in text
    assert "S[table-format=2.2(3), table-space-text-post={$\\blacktriangle$}]" in text


def test_captions_are_short_labels_are_unique_and_metrics_have_their_names() -> None:
    made = document()
    text = to_latex(made)
    assert rf"\caption[{{{escape(made.title)}}}]{{{escape(made.title)}.}}" in text
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert labels == [f"tab:{made.name}", f"tab:{made.name}-2"]
    assert "AUROC" in text and "(auroc)" not in text


def test_marks_and_other_notes_stand_once_below_the_table() -> None:
    text = to_latex(document())
    notes = text.partition(r"\begin{tablenotes}")[2].partition(r"\end{tablenotes}")[0]
    assert notes.count("worse than the row") == 1
    assert text.count("ddof 1") == 1
    assert "does not mean equal" in notes


@pytest.mark.parametrize(
    ("columns", "width", "environments", "size"),
    [
        (3, 20, ["table"], "small"),
        (4, 20, ["table"], "footnotesize"),
        (5, 12, ["table"], "scriptsize"),
        (6, 20, ["sidewaystable"], "small"),
        (12, 20, ["table"] * 3, "footnotesize"),
    ],
)
def test_a_wide_table_is_set_smaller_then_turned_then_divided(
    columns: int, width: int, environments: list[str], size: str
) -> None:
    text = table(columns, width).text("t")
    assert re.findall(r"\\begin\{(table|sidewaystable)\}", text) == environments
    assert text.count(rf"\centering\{size}\s") == len(environments)
    assert len(re.findall(r"\{Column \d+\}", text)) == columns


def test_notes_without_room_below_the_table_follow_as_a_paragraph() -> None:
    notes = ("A short note.", "long " * (NOTES_ROOM // 5), "The last note.")
    below, _, after = table(2, notes=notes).text("t").partition(r"\end{table}")
    assert "A short note." in below and "The last note." not in below
    assert r"\paragraph{Notes on table~\ref{tab:t}.}" in after and "The last note." in after


def test_numbers_of_other_forms_are_not_aligned_and_lone_dashes_are_no_numbers() -> None:
    assert Column("n", ("1.00", "-")).specification == "S[table-format=1.2]"
    assert Column("n", ("-0.78", "12.5")).specification == "S[table-format=-2.2]"
    assert Column("n", ("1.00", "2 (1)")).specification == "r"
    assert Column("n", ("-", "-")).specification == "r"
    assert Column("n", ("words",), wordy=True).specification == "l"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_it_compiles_without_overfull_lines(tmp_path: Path) -> None:
    made = document()
    odd = dataclasses.replace(made, title=ODD, name="odd", remarks=((ODD, ODD),))
    spread = {key: Cell((0.1, 0.9, 0.2)) if cell.values else cell for key, cell in made.cells.items()}
    texts = [to_latex(made), to_latex(odd), to_latex(dataclasses.replace(made, name="spread", cells=spread))]
    texts += [table(columns, notes=(ODD,)).text(f"t{columns}") for columns in (1, 5, 7, 12)]
    words = Column("Words", ("a long text of many words " * 5, "short"), wordy=True)
    texts += [LatexTable("Words", "Row", ("a", "b"), (words, words), ()).text("words")]
    said = compiled("\n".join(texts), tmp_path)
    assert "Overfull" not in said
    assert "Missing character" not in said
