"""A table printed with its columns as lines, and the costs of networks beside or below the scores, in every format."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.command_line import main
from experiments.measures.measuring.costs import NetworkCost
from experiments.reporting.blocks.answers import answer
from experiments.reporting.blocks.network_costs import CostsOfNetworks
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.tables.document import Cell, TableDocument
from specs.errors import DataError
from tests.experiments.example_table import Page, document, lines, notes, terminal
from tests.experiments.smoke import table_of_runs

Lines = list[list[str]]

COSTS = (
    NetworkCost(("A_1 <50%> & more",), "resnet50", 224, 23_518_277, 4_089_000_000, 0.02134, "cpu x86_64, one thread"),
    NetworkCost(("B",), 'cbr("tiny")', 224, 1_079_845, 12_345_678, 0.0005, "cpu x86_64, one thread"),
)
"""One network for each column of the example."""

RESNET = ["23,518,277", "4.09 G", "0.0213"]
CBR = ["1,079,845", "12.35 M", "0.0005"]


def in_terminal(made: TableDocument) -> list[Lines]:
    """Headers are parted by thick lines and may have two lines; what is below them, by thin ones."""
    tables: list[Lines] = []
    in_header = False
    for line in terminal(made, 160).splitlines():
        if "┃" in line and not in_header:
            tables.append([])
        in_header = "┃" in line
        if "┃" in line or "│" in line:
            tables[-1].append([cell.strip() for cell in re.split("[│┃]", line)])
    return tables


def in_markdown(made: TableDocument) -> list[Lines]:
    tables: list[Lines] = [[]]
    for line in to_markdown(made).splitlines():
        if line.startswith("| ---"):
            continue
        if line.startswith("|"):
            plain = re.sub(r"\\(.)", r"\1", line.replace(r"\|", "/"))
            tables[-1].append([cell.strip() for cell in plain.strip("|").split("|")])
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def in_latex(made: TableDocument) -> list[Lines]:
    tables = []
    for body in re.findall(r"\\toprule\n(.*?)\\bottomrule", to_latex(made), re.DOTALL):
        lines = [re.split(r"(?<!\\)&", line[:-2]) for line in body.splitlines() if line.endswith(r"\\")]
        assert len({len(line) for line in lines}) == 1
        tables.append([[bare(cell.strip()) for cell in line] for line in lines])
    return tables


def bare(cell: str) -> str:
    """A cell of LaTeX without the braces around a heading, whose lines are joined."""
    broken = re.fullmatch(r"\{\\shortstack\[.\]\{(.*)\}\}", cell)
    if broken:
        return broken[1].replace(r"\\", " ")
    return cell.removeprefix("{").removesuffix("}") if cell.startswith("{") else cell


def in_report(made: TableDocument) -> list[Lines]:
    return [
        [[cell.strip() for cell in line] for line in table]
        for table in Page(render("A report", [Illustrated(made)])).tables
    ]


READERS: dict[str, Callable[[TableDocument], list[Lines]]] = {
    "terminal": in_terminal, "markdown": in_markdown, "latex": in_latex, "report": in_report,
}  # fmt: skip


def best(text: str) -> bool:
    return text.startswith(("*", "**", r"\bfseries"))


METRICS = ("(auroc)", "(dice)"), ("(AUROC)", "(Dice, mean over images)")


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex"])
def test_the_lines_of_a_transposed_table_are_its_columns(name: str) -> None:
    upright, turned = (READERS[name](document(transposed=transposed))[0] for transposed in (False, True))
    if name == "terminal":  # its headings have a second line for metrics
        upright = upright[1:]
    assert turned[0][0].lower() == "task or network"
    assert [line[0].startswith(start) for line, start in zip(turned[1:], ("A", "B"), strict=True)] == [True, True]
    assert [line[0].endswith(end) for line, end in zip(turned[1:], METRICS[name == "latex"], strict=True)] == [
        True,
        True,
    ]
    assert turned[0][1:] == [line[0] for line in upright[1:]]
    assert [list(cells) for cells in zip(*(line[1:] for line in upright[1:]), strict=True)] == [
        line[1:] for line in turned[1:]
    ]
    assert [[best(cell) for cell in line[1:]] for line in turned[1:]] == [[False, True, False]] * 2  # of the line


def test_the_report_shows_it_alike() -> None:
    made = document(transposed=True)
    scores = in_report(made)[0]
    assert scores[0] == ["Task or network", "random", "good | *best*", "gone"]
    assert scores[1] == ["A_1 <50%> & more (auroc)", "51.00 ± 1.00", "61.00 ± 1.00 ▲", "-"]
    assert scores[2] == ["B (dice)", "81.00 ± 1.00", "81.33 ± 1.53", "70.00"]
    text = render("A report", [Illustrated(made)])
    assert text.count('class="best better"') == text.count('class="best"') == 1
    assert text.count('<td class="reference"') == 2
    assert '<th scope="col" title="file(&#34;a &amp; b.pth&#34;)">good | *best*</th>' in text


def test_a_metric_of_all_columns_is_said_once() -> None:
    made = document(transposed=True, columns=(("A_1 <50%> & more", "dice"), ("B", "dice")))
    for reader in READERS.values():
        table = reader(made)[0]
        assert table[0][0].lower() in ("task or network (dice)", "task or network (dice, mean over images)")
        assert table[2][0] == "B"


def test_further_scores_turn_with_the_scores() -> None:
    for name in ("terminal", "markdown", "report"):
        (further,) = [
            table
            for table in READERS[name](document(transposed=True))
            if table[0][0].lower() == "further scores (dice at native size)"
        ]
        assert further[2] == ["B", "80.00", "80.00", "70.00"]


def test_the_words_say_lines_and_columns_as_they_are_printed() -> None:
    upright, turned = (" ".join(notes(document(transposed=transposed))) for transposed in (False, True))
    assert "the best of a column is bold" in upright
    assert 'worse than the row "random"' in upright
    assert "the best of a line is bold" in turned
    assert 'worse than the column "random"' in turned
    first = next(label for label, _ in document().columns)
    assert "no other column is better" in answer(document(transposed=True), first).text
    paper = " ".join(notes(document(transposed=True, marks="paper")))
    assert "the best of its line" in paper
    assert "against a best column" in paper


def test_the_long_table_and_the_statistics_stay_as_they_are() -> None:
    upright, turned = document(), document(transposed=True)
    assert to_csv(upright) == to_csv(turned)
    assert upright.comparison == turned.comparison


def test_twenty_five_columns_fit_a_terminal() -> None:
    columns = tuple((f"CBR-LargeT, Consolidation {number}", "auroc") for number in range(25))
    rows = (("Random", "random"), ("Transfer", "imagenet"))
    cells = {(row, column): Cell((0.79, 0.8, 0.82)) for row, _ in rows for column, _ in columns}
    made = document(rows=rows, columns=columns, cells=cells, reference="Random", parts=(), transposed=True)
    lines = [line for line in terminal(made, 80).splitlines() if "│" in line]
    assert len(lines) == 25
    assert all(line.count("80.33 ± 1.53") == 2 for line in lines)


@pytest.mark.parametrize("name", READERS)
def test_costs_are_told_to_whoever_asks(name: str) -> None:
    def told(made: TableDocument) -> Lines:
        return [line[-3:] for table in READERS[name](made) for line in table if line[-3:] in (RESNET, CBR)]

    assert told(document()) == []
    for transposed in (False, True):
        made = document(parts=(CostsOfNetworks(COSTS),), transposed=transposed)
        assert told(made) == [RESNET, CBR]
        (table,) = [table for table in READERS[name](made) if table[0][-1] == "seconds an image"]
        beside = transposed and name != "terminal"
        assert [len(line) for line in table] == [7 if beside else 4] * 3
        assert table[2][0].startswith("B")
        assert ("cbr" in table[2][0]) is not beside


def test_a_network_of_several_columns_stands_once_and_never_beside_the_lines() -> None:
    (shared, _), labels = COSTS, tuple(column for column, _ in document().columns)
    shared = dataclasses.replace(shared, columns=labels)
    for transposed in (False, True):
        made = document(parts=(CostsOfNetworks((shared,)),), transposed=transposed)
        assert [name for name, *_ in lines(made, "network_costs")[1:]] == ["resnet50"]
        for reader in READERS.values():
            assert [["resnet50", *RESNET]] == [line for table in reader(made) for line in table if line[-3:] == RESNET]
    twice = tuple(dataclasses.replace(shared, columns=(label,)) for label in labels)
    told = lines(document(parts=(CostsOfNetworks(twice),)), "network_costs")
    assert [name for name, *_ in told[1:]] == [f"{label} (resnet50)" for label in labels]


def test_a_line_without_a_network_that_was_measured_has_dashes() -> None:
    made = document(parts=(CostsOfNetworks(COSTS[:1]),), transposed=True)
    table = in_markdown(made)[0]
    assert [line[-3:] for line in table[1:]] == [RESNET, ["-", "-", "-"]]
    assert in_report(made)[0][2][-3:] == ["-", "-", "-"]


def test_it_is_said_how_costs_were_found() -> None:
    assert not [note for note in notes(document()) if "Multiply-adds" in note]
    (note,) = [note for note in notes(document(parts=(CostsOfNetworks(COSTS),))) if "Multiply-adds" in note]
    for words in (
        "224 x 224 pixels.",
        "batch of 1",
        "evaluation mode",
        "float32, on cpu x86_64, one thread;",
        "median",
    ):
        assert words in note
    larger = (COSTS[0], dataclasses.replace(COSTS[1], image_size=587))
    (note,) = [note for note in notes(document(parts=(CostsOfNetworks(larger),))) if "Multiply-adds" in note]
    assert "224 x 224 pixels (A_1 <50%> & more) or 587 x 587 pixels (B)." in note


def test_both_survive_the_tables_file(tmp_path: Path) -> None:
    made = document(transposed=True, parts=(CostsOfNetworks(COSTS),))
    write_all(made, tmp_path)
    assert read_table(tmp_path / "example.json") == made


def with_network(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The file with another first network."""
    first, *others = data["parts"]["network_costs"]["networks"]
    return data | {"parts": {"network_costs": {"networks": [first | changes, *others]}}}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data | {"transposed": "yes"},
        lambda data: data | {"parts": {"their_block": {}}},
        lambda data: with_network(data, columns=["C"]),
        lambda data: with_network(data, parameters="many"),
        lambda data: with_network(data, seconds=None),
        lambda data: data | {"parts": {"network_costs": {"networks": [{"columns": []}]}}},
    ],
)
def test_a_damaged_file_is_refused(damage: Any, tmp_path: Path) -> None:
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(damage(json.loads(to_json(document(parts=(CostsOfNetworks(COSTS),)))))))
    with pytest.raises(DataError, match=r"damaged\.json cannot be read as a table"):
        read_table(path)


def test_a_command_makes_such_a_table_and_makes_it_again_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], in_turn: list[str]
) -> None:
    table = table_of_runs("initializations", "smoke")
    asked = dataclasses.replace(table, rows=table.rows[:1], transposed=True, costs=True)
    monkeypatch.setattr("experiments.session.make_tables.table_named", lambda name, profile: asked)
    monkeypatch.setattr("experiments.measures.measuring.network_costs.REPEATED", 0.05)
    monkeypatch.chdir(tmp_path)
    command = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled", *in_turn]
    assert main(command) == 0
    printed = capfd.readouterr()
    assert "timed networks: 1 of 1" in printed.err
    assert "seconds an image" in printed.out
    path = tmp_path / "tables" / "initializations.json"
    made = read_table(path)
    assert made.transposed
    costs = made.part(CostsOfNetworks)
    assert costs is not None
    (cost,) = costs.networks
    assert cost.columns == ("PneumoniaMNIST",)
    (record,) = [json.loads(one.read_text()) for one in (tmp_path / "runs").glob("*/record.json")]
    assert cost.parameters == record["parameters"]
    first = path.read_bytes()
    assert main(command) == 0
    assert path.read_bytes() == first
