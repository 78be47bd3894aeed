"""A finished table in every format: the same numbers, nothing unexplained, nothing that needs a network."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from experiments.assemble import epochs_to_converge
from experiments.rendering.comma_separated import to_csv
from experiments.rendering.document import Cell, Effort, RunLine, TableDocument, efforts_by_row, notes
from experiments.rendering.files import write_all
from experiments.rendering.html import to_html
from experiments.rendering.latex import to_latex
from experiments.rendering.markdown import to_markdown
from experiments.rendering.terminal import print_table

SCORES = {
    ("random", "A_1 <50%> & more"): (0.50, 0.51, 0.52),
    ("random", "B"): (0.80, 0.82, 0.81),
    ("good | *best*", "A_1 <50%> & more"): (0.60, 0.61, 0.62),
    ("good | *best*", "B"): (0.80, 0.83, 0.81),
}


def document(**changes: object) -> TableDocument:
    columns = (("A_1 <50%> & more", "auroc"), ("B", "dice"))
    rows = (("random", "random"), ("good | *best*", 'file("a & b.pth")'), ("gone", "fractals"))
    cells = {(row, column): Cell(SCORES.get((row, column), ())) for row, _ in rows for column, _ in columns}
    cells["gone", "A_1 <50%> & more"] = Cell((), "the source is the target")
    cells["gone", "B"] = Cell((0.7,), "seed 1 failed: disk full (log: runs/x/log.txt)")
    made = TableDocument(
        name="example",
        title="An example",
        question="Which one?",
        rows=rows,
        columns=columns,
        cells=cells,
        secondary={"Dice at native size": {place: Cell(cell.values[:1]) for place, cell in cells.items()}},
        reference="random",
        seeds=3,
        edition="phantom",
        weights="trained here",
        protocol="small",
        runs=(
            RunLine("k" * 64, "random", "B", 0, None, 1.5, 3, {"source": "<script>alert(1)</script>"}, {"dice": None}),
        ),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def terminal(made: TableDocument, width: int = 100, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    print_table(made, Console(file=file, width=width, color_system=None))
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined, no-any-return]


class Page(HTMLParser):
    """Tables as lists of cell texts, the page's text, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.cell = False
        self.text, self.fetched, self.tags = "", [], set()  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cell:
            self.tables[-1][-1][-1] += data


def test_csv_holds_every_cell_with_its_statistics() -> None:
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(document())))}
    assert len(rows) == 6
    for place, values in SCORES.items():
        assert float(rows[place]["mean"]) == np.mean(values)
        assert float(rows[place]["std"]) == np.std(values, ddof=1)
        assert rows[place]["n"] == "3"
    good = rows["good | *best*", "A_1 <50%> & more"]
    assert (good["mark"], good["best"]) == ("better", "1")
    assert float(good["p"]) < float(good["p_holm"]) < 0.05
    assert rows["gone", "A_1 <50%> & more"]["missing"] == "the source is the target"
    assert rows["gone", "A_1 <50%> & more"]["mean"] == ""


def test_the_page_shows_the_same_numbers() -> None:
    page = Page(to_html(document()))
    header, *rows = page.tables[0]
    assert [cell.strip() for cell in header] == ["Initialization", "A_1 <50%> & moreauroc", "Bdice"]
    shown = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert shown["random"] == ["51.00 ± 1.00", "81.00 ± 1.00"]
    assert shown["good | *best*"] == ["61.00 ± 1.00 ▲", "81.33 ± 1.53"]
    assert shown["gone"] == ["-", "70.00"]


def test_the_page_needs_nothing_else_and_runs_nothing_from_outside() -> None:
    text = to_html(document())
    page = Page(text)
    assert page.fetched == []
    assert "script" not in page.tags
    assert "url(" not in text
    assert "@import" not in text
    assert text.rstrip().endswith("</html>")


def test_latex_is_balanced_and_escaped() -> None:
    text = to_latex(document())
    for environment in ("table", "tabular"):
        assert text.count(f"\\begin{{{environment}}}") == text.count(f"\\end{{{environment}}}") == 1
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 4
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == 2
        assert not re.search(r"(?<!\\)[%_#]", line)
        assert line.count("{") == line.count("}")
    assert r"\textbf{61.00 $\pm$ 1.00} $\blacktriangle$" in text


def test_markdown_has_three_cells_in_every_line_of_its_table() -> None:
    lines = [line for line in to_markdown(document()).splitlines() if line.startswith("|")][:5]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines)
    assert any("**61.00 ± 1.00** ▲" in line for line in lines)


def test_the_terminal_shows_the_table_at_any_width_and_in_plain_characters() -> None:
    for width in (80, 120):
        assert "*61.00 ± 1.00 ▲" in terminal(document(), width)
    plain = terminal(document(), 100, "ascii")
    assert "*61.00 +/- 1.00 +" in plain
    assert plain.isascii()


FORMATS = {
    "terminal": terminal,
    "markdown": to_markdown,
    "html": lambda made: Page(to_html(made)).text,
    "latex": to_latex,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_explains_missing_cells_spread_and_marks(name: str) -> None:
    text = re.sub(r"[\s\\]+", " ", FORMATS[name](document()))
    for words in (
        "the source is the target",
        "disk full",
        "ddof 1",
        "Holm",
        "does not mean equal",
        "Smallest difference",
    ):
        assert words in text, words


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_the_data_are(name: str) -> None:
    assert "ynthetic (phantom) data" in FORMATS[name](document())
    real = FORMATS[name](document(edition="real"))
    assert "ynthetic" not in real
    assert "real data" in re.sub(r"\s+", " ", real)


def test_the_papers_marking_is_an_option() -> None:
    text = to_markdown(document(marks="paper"))
    assert "81.00 ± 1.00 †" in text
    assert "▲" not in text
    assert "as the papers mark" in text


def test_a_single_seed_has_no_spread_and_no_test() -> None:
    cells = {place: Cell(cell.values[:1], cell.missing) for place, cell in document().cells.items()}
    text = to_html(document(cells=cells, seeds=1))
    assert "untested (a test needs at least two runs on each side)" in text
    assert "nan" not in text.lower().replace("undefinan", "")


def test_runs_without_spread_are_not_tested() -> None:
    cells = {place: Cell((0.5, 0.5, 0.5)) for place in document().cells}
    assert "the runs do not vary" in to_html(document(cells=cells))


def test_a_table_of_one_row_is_rendered() -> None:
    made = document()
    single = dataclasses.replace(
        made, rows=made.rows[:1], cells={place: cell for place, cell in made.cells.items() if place[0] == "random"}
    )
    assert "51.00 ± 1.00" in to_html(single)


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = ({path.name: path.read_bytes() for path in write_all(document(), tmp_path / name)} for name in "ab")
    assert first == second
    assert set(first) == {f"example.{ending}" for ending in ("csv", "tex", "md", "html", "json")}
    cells = json.loads(first["example.json"])["cells"]
    assert len(cells) == 6


def test_the_test_is_chosen_and_named() -> None:
    assert "independent t-test with pooled variance, two-sided" in " ".join(notes(document()))
    welch = document(test="welch", alternative="greater")
    assert "Welch's independent t-test, one-sided for better rows" in " ".join(notes(welch))
    place = ("good | *best*", "A_1 <50%> & more")
    found = {test: document(test=test).comparison.cells[place].p_value for test in ("student", "welch", "paired")}
    assert found["student"] == pytest.approx(found["welch"])  # equal spreads and sizes
    assert found["paired"] is None  # every difference is the same, so nothing can be tested


def test_an_incomplete_cell_is_not_paired() -> None:
    made = document(test="paired")
    cells = made.cells | {("good | *best*", "B"): Cell((0.8, 0.83), "seed 1 failed")}
    cells |= {("random", "B"): Cell((0.8, 0.82), "seed 0 failed")}
    assert dataclasses.replace(made, cells=cells).result(("good | *best*", "B")) is None


def test_equivalence_is_said_to_whoever_asks() -> None:
    assert not [note for note in notes(document()) if "equivalent" in note]
    wide, narrow = document(margin=5.0), document(margin=0.5)
    assert wide.equivalent == (("good | *best*", "B"),)
    assert narrow.equivalent == ()
    assert "within ± 5 points (two one-sided t-tests, uncorrected): good | *best* on B." in " ".join(notes(wide))
    assert "uncorrected): none." in " ".join(notes(narrow))


def test_effort_is_compared_over_the_columns_that_all_rows_have() -> None:
    made = document()
    assert efforts_by_row(made) == []
    efforts = {(row, "B"): Effort((2.0, 4.0), (10.0, 20.0)) for row, _ in made.rows}
    efforts |= {("random", "A_1 <50%> & more"): Effort((90.0,), (900.0,))}
    made = dataclasses.replace(made, efforts=efforts)
    assert efforts_by_row(made) == [(row, "3.0", "15.0") for row, _ in made.rows]
    assert "epochs to 95% of the best validation score" in to_markdown(made)
    assert "epochs to 95% of the best validation score" in to_html(made)
    assert "15.0" in terminal(made, width=160)
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    assert [row["epochs_to_95_percent"] for row in rows[:2]] == ["90.0", "3.0"]
    assert [row["seconds"] for row in rows[:2]] == ["900.0", "15.0"]


def test_convergence_is_the_first_epoch_with_95_percent_of_the_best_score(tmp_path: Path) -> None:
    def epochs(*scores: float | None) -> int | None:
        lines = [json.dumps({"epoch": number, "validation_metric": score}) for number, score in enumerate(scores)]
        (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
        return epochs_to_converge(tmp_path)

    assert epochs(0.5, 0.77, 0.76, 0.8, 0.7) == 2
    assert epochs(0.5, 0.75, 0.76, 0.8, 0.7) == 3
    assert epochs(None, 0.8) == 2
    assert epochs(None, None) is None
