"""The report: the table's numbers, an answer for each task, details behind a click, and nothing from outside."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.cli.command_line import main
from experiments.reporting.blocks.answers import answer
from experiments.reporting.blocks.equivalence import EquivalenceMargin
from experiments.reporting.blocks.held_against import ReferenceLevels
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.page.published import printed_numbers, published_cells, published_note, read_printed
from experiments.tables.document import Cell, RunLine, TableDocument
from experiments.tables.figure import Figure
from specs.errors import DataError
from specs.registry import TABLES, Entry
from tests.experiments.example_table import Page, document
from tests.experiments.smoke import table_of_runs

FIRST = "A_1 <50%> & more"
FIGURE = dataclasses.asdict(Figure())
PRINTED = [name.replace("_", "-") for name in TABLES.entries if printed_numbers(name)]
"""The tables of which numbers are printed."""


def page(**changes: Any) -> str:
    return render("A report", [Illustrated(document(**changes))])


def words(text: str) -> str:
    return re.sub(r"\s+", " ", Page(text).text)


def test_the_page_shows_the_tables_numbers() -> None:
    header, *rows = Page(page()).tables[0]
    assert [cell.strip() for cell in header] == ["Initialization", f"{FIRST}auroc", "Bdice"]
    shown = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert shown["random"] == ["51.00 ± 1.00", "81.00 ± 1.00"]
    assert shown["good | *best*"] == ["61.00 ± 1.00 ▲", "81.33 ± 1.53"]
    assert shown["gone"] == ["-", "70.00"]


def test_it_explains_missing_cells_spread_marks_and_data() -> None:
    text = words(page())
    for told in (
        "the source is the target",
        "disk full",
        "ddof 1",
        "Holm",
        "does not mean equal",
        "Smallest difference",
    ):
        assert told in text, told
    assert "ynthetic (phantom) data" in text
    assert "ynthetic" not in words(page(edition="real"))
    cells = {place: Cell(cell.values[:1], cell.missing) for place, cell in document().cells.items()}
    assert "untested (a test needs at least two runs on each side)" in words(page(cells=cells, seeds=1))
    assert "the runs do not vary" in words(page(cells={place: Cell((0.5, 0.5, 0.5)) for place in document().cells}))


def test_it_fetches_nothing_and_runs_nothing_from_outside() -> None:
    text = page()
    assert all(address.startswith(("data:", "#")) for address in Page(text).fetched)
    assert "default-src 'none'" in text
    assert "url(" not in text.replace("url(%23", "")  # parts of a drawing that it holds itself
    assert "@import" not in text
    assert "<script>alert" not in text  # a run's load report holds it
    assert text.count("<script") == text.count("</script") == 2


def test_the_same_tables_give_the_same_page() -> None:
    assert page() == page()


def test_intervals_are_shown_and_explained_to_whoever_asked_for_them() -> None:
    place = "random", "B"
    cells = document().cells
    assert "resamples" not in words(page())
    text = words(page(cells=cells | {place: dataclasses.replace(cells[place], interval=(0.79, 0.8345))}))
    assert "81.00 ± 1.0079.00 to 83.45" in text
    assert "percentile bootstrap" in text


def test_a_task_is_answered_in_a_sentence() -> None:
    made = document()
    found = answer(made, FIRST)
    assert found.verdict == "start"
    assert re.fullmatch(
        r"Start from good \| \*best\*: no other row is better by more than 1 point\. Shown worse than another by more "
        r"than 1 point: random \(at least [\d.]+ points behind good \| \*best\*\)\. By 3 runs a row\. Left out, with "
        r"fewer than 2 runs: gone\.",
        found.text,
    )
    undecided = answer(made, "B")
    assert undecided.verdict == "open"
    assert re.fullmatch(
        r"Undecided between good \| \*best\* and random: none of them is shown to be within 1 point of the best\. "
        r"good \| \*best\* has the highest mean, and another may be ahead of it by up to [\d.]+ points: that is no "
        r"equality\. By 3 runs a row\. Left out, with fewer than 2 runs: gone\.",
        undecided.text,
    )
    assert answer(dataclasses.replace(made, reference="good | *best*"), FIRST) == found  # nobody is the reference
    single = {place: Cell(cell.values[:1]) for place, cell in made.cells.items()}
    assert answer(dataclasses.replace(made, cells=single), "B").verdict == "untested"


def test_each_class_of_a_task_has_its_own_score() -> None:
    def line(row: str, seed: int, a: float, b: float | None) -> RunLine:
        return RunLine(f"{row}{seed}" * 32, row, "B", seed, a, 1.0, 1, scores={"auroc": a, "auroc:a": a, "auroc:b": b})

    runs = (line("random", 0, 0.7, 0.5), line("random", 1, 0.8, None), line("good | *best*", 0, 0.9, 0.6))
    tables = [[[cell.strip() for cell in row] for row in table] for table in Page(page(runs=runs)).tables]
    (classes,) = [table for table in tables if table[0] == ["Initialization", "a", "b"]]
    assert classes[1:] == [["random", "75.00 ± 7.07", "50.00"], ["good | *best*", "90.00", "60.00"], ["gone", "-", "-"]]


def measured(**changes: Any) -> TableDocument:
    """A table of numbers that are no scores, of which none is better."""
    given: dict[str, Any] = {"columns": (("B", "CCA"),), "measured": {"B": "similarity"}, "parts": ()}
    return document(**given | {"directions": ("more alike", "less alike")} | changes)


def test_other_numbers_are_answered_beside_the_reference_row() -> None:
    cells = {(row, "B"): document().cells[row, FIRST] for row, _ in document().rows}
    found = answer(measured(cells=cells), "B")
    assert found.verdict == "better"
    assert found.text == 'good | *best* (+10.00 points, p = 0.00026) is more alike than "random".'
    equal = answer(measured(cells={place: cell for place, cell in document().cells.items() if place[1] == "B"}), "B")
    assert equal.verdict == "open"
    assert re.fullmatch(
        r'No row is shown to differ from "random"\. That is not equality: with 3 runs a row, differences of less than '
        r"[\d.]+ points may go unseen after Holm's correction\.",
        equal.text,
    )
    turned = answer(measured(cells=cells, reference="good | *best*"), "B")
    assert turned.verdict == "worse"
    assert turned.text.startswith('No row is shown to be more alike than "good | *best*". random (-10.00 points, p = ')


def test_a_highest_mean_that_varies_too_much_is_named_as_what_it_is() -> None:
    rows = tuple((row, "random") for row in ("base", "steady", "wild"))
    values = {"base": (0.50, 0.51, 0.52), "steady": (0.60, 0.61, 0.62), "wild": (0.3, 0.9, 0.95)}
    cells = {(row, "B"): Cell(of) for row, of in values.items()}
    made = measured(rows=rows, cells=cells, reference="base")
    text = answer(made, "B").text
    assert text.startswith("steady (+10.00 points")
    assert text.endswith("The highest mean is that of wild, which is not shown to differ.")


def test_many_rows_are_counted_after_the_best_three() -> None:
    rows = (("base", "random"), *((f"r{number}", "random") for number in range(5)))
    cells = {(row, "B"): Cell((0.5 + 0.05 * place, 0.501 + 0.05 * place)) for place, (row, _) in enumerate(rows)}
    text = answer(measured(rows=rows, cells=cells, reference="base"), "B").text
    assert text.startswith("r4 (+25.00 points")
    assert text.endswith('and 2 more are more alike than "base".')


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    made = document(remarks=(("random", "a remark"),), overlaps={("random", "B"): ("chexpert",)})
    made = made.with_part(EquivalenceMargin(0.5))
    write_all(made, tmp_path)
    assert read_table(tmp_path / "example.json") == made
    drawn = dataclasses.replace(
        papers("benchmark-figure-1"), figure=table_of_runs("benchmark-figure-1", "paper").figure
    )
    (tmp_path / "drawn.json").write_text(to_json(drawn))
    assert read_table(tmp_path / "drawn.json") == drawn
    along = document(
        figure=Figure(groups=(("all", (FIRST, "B")),), along=True),
        parts=(ReferenceLevels(levels={"Floor": {"B": 0.25}, "Untouched": {FIRST: 1.0, "B": 0.5}}),),
    )
    (tmp_path / "along.json").write_text(to_json(along))
    assert read_table(tmp_path / "along.json") == along


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: "{",
        lambda data: "[" * 100_000,
        lambda data: json.dumps(data | {"schema": 99}),
        lambda data: json.dumps(data | {"cells": data["cells"][1:]}),
        lambda data: json.dumps({name: value for name, value in data.items() if name != "reference"}),
        lambda data: json.dumps(data | {"runs": [{"key": 3}]}),
        lambda data: json.dumps(data | {"runs": [data["runs"][0] | {"seconds": "long"}]}),
        lambda data: json.dumps(data | {"runs": [data["runs"][0] | {"scores": {"dice": "high"}}]}),
        lambda data: json.dumps(data | {"seeds": "many"}),
        lambda data: json.dumps(data | {"title": {"a": 1}}),
        lambda data: json.dumps(data | {"test": "mine"}),
        lambda data: json.dumps(data | {"reference": "nobody"}),
        lambda data: json.dumps(data | {"cells": [one | {"values": ["x"]} for one in data["cells"]]}),
        lambda data: json.dumps(data | {"parts": {"held_against": {"levels": {"Floor": {"B": "low"}}}}}),
        lambda data: json.dumps(data | {"parts": {"held_against": {"levels": {"Floor": 0.5}}}}),
        lambda data: json.dumps(data | {"figure": FIGURE | {"along": "yes"}}),
        lambda data: json.dumps(data | {"figure": FIGURE | {"ranks": 1}}),
        lambda data: json.dumps(data | {"figure": FIGURE | {"groups": [["all", ["B", "C"]]]}}),
        lambda data: json.dumps(data | {"figure": []}),
    ],
)
def test_a_damaged_file_is_refused_with_the_remedy(damage: Any, tmp_path: Path) -> None:
    path = tmp_path / "damaged.json"
    path.write_text(damage(json.loads(to_json(document()))))
    with pytest.raises(DataError, match=r"damaged\.json cannot be read as a table .* Make the table again"):
        read_table(path)


@pytest.mark.parametrize("content", ["[]", "{}", "1", '{"rows": []}'])
def test_what_is_no_table_is_not_called_a_damaged_one(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"other\.json is no table: it states no schema, .* Name one of those\."):
        read_table(path)


def papers(name: str) -> TableDocument:
    """A table of a paper as if it were finished, with one score a cell."""
    table = table_of_runs(name, "paper")
    rows, columns = ([(one.label, "auroc") for one in of] for of in (table.rows, table.columns))
    cells = {(row, column): Cell((0.7,)) for row, _ in rows for column, _ in columns}
    plain = {"name": name, "rows": tuple(rows), "columns": tuple(columns), "cells": cells, "runs": (), "parts": ()}
    return document(**plain, reference=table.reference, edition="real", protocol="paper", transposed=table.transposed)


def test_published_values_have_a_row_and_a_column_of_their_table_each() -> None:
    for name in PRINTED:
        numbers = printed_numbers(name)
        assert numbers is not None
        assert set(numbers.values) <= set(papers(name).cells)
        assert len(numbers.values) > 5


def test_every_file_of_printed_numbers_is_that_of_a_table_beside_it() -> None:
    assert len(PRINTED) == 6
    beside = {
        file.parent / "printed" / f"{file.stem}.csv" for entry in TABLES.entries.values() if (file := entry.file())
    }
    assert beside >= set(files("experiments.studies").glob("*/printed/*"))


def test_printed_numbers_are_found_beside_the_table_of_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "printed").mkdir()
    (tmp_path / "their_table.py").write_text("raise RuntimeError('imported')\n")
    entry = Entry("their_table", "", "their_table", "their_table", "their-distribution")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(TABLES, "entries", TABLES.entries | {"their_table": entry})
    assert printed_numbers("their-table") is None
    (tmp_path / "printed" / "their_table.csv").write_text(
        "# source: They 2025\n# remark: on others' images\n# remark: three runs\n"
        'std,mean,row,column,trust\n,61.5,random,"A_1 <50%> & more",digitized\n0.5,50,random,C,printed\n'
    )
    made = document(name="their-table", edition="real", protocol="paper")
    assert published_cells(made)["random", FIRST] == "~61.50"
    told = "Published: They 2025; on others' images; three runs; values with ~ were read off the figure."
    assert published_note(made) == told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("row,column,mean,std,trust\n", "one line that says who printed the numbers and where, found 0"),
        ("# source: A\n# source: B\nrow,column,mean,std,trust\n", "and where, found 2"),
        ("# sorce: A\nrow,column,mean,std,trust\n", 'line 1 is "# sorce: A"'),
        ("# source: A\nrow,column,mean,std\n", "the column trust is missing"),
        (
            "# source: A\n# test: b = 68 and 66\nrow,column,mean,std,trust\na,b,1,,printed\n",
            'expected "# test: COLUMN = NUMBER with and NUMBER without the finding"',
        ),
        (
            "# source: A\n# other images: b; c\nrow,column,mean,std,trust\na,b,1,,printed\n",
            'names the column "c", of which there are no numbers. Expected some of: b; or *.',
        ),
        ("# source: A\n", "the column row is missing"),
        ("# source: A\nrow,column,mean,std,trust\na,b,1,,guessed\n", 'line 3 has the trust "guessed"'),
        (
            "# source: A\nrow,column,mean,std,trust\na,b,1,,printed\na,b,2,,printed\n",
            "line 4 is the second one of a, b",
        ),
        ("# source: A\nrow,column,mean,std,trust\na,b,high,,printed\n", 'line 3 has the mean "high"'),
        ("# source: A\nrow,column,mean,std,trust\na,b,1,nan,printed\n", 'and the std "nan"'),
        ("# source: A\nrow,column,mean,std,trust\na,b\n", 'line 3 has the trust ""'),
        ("# source: \xff\n", "UTF-8"),
    ],
)
def test_a_malformed_file_of_printed_numbers_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "table_1.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        read_printed(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_of_transfusion_only_what_a_second_source_confirms_is_shown() -> None:
    shown = {name: published_cells(papers(name)) for name in PRINTED if name.startswith("transfusion")}
    filled = {name: {place for place, text in of.items() if text} for name, of in shown.items()}
    assert {column for _, column in filled["transfusion-table-1"]} == {"ResNet-50", "Inception-v3", "CBR-LargeT"}
    assert {column.partition(", ")[0] for _, column in filled["transfusion-table-2"]} == {"ResNet-50"}
    assert filled["transfusion-table-3"] == set(shown["transfusion-table-3"])
    assert [len(of) for of in filled.values()] == [6, 10, 6]
    other = "on other test images"
    assert shown["transfusion-table-1"]["transfer", "Inception-v3"] == f"96.70 ± 0.05 {other}"
    of_effusion = shown["transfusion-table-2"]["random", "ResNet-50, Pleural Effusion"]
    assert of_effusion == f"88.70 {other}"  # no spread is confirmed
    assert shown["transfusion-table-3"]["transfer", "ResNet-50"] == f"94.60 {other}"
    # Of the other networks nothing is shown, rather than what is not confirmed.
    assert shown["transfusion-table-1"]["random", "CBR-Tiny"] == ""
    assert shown["transfusion-table-2"]["random", "CBR-LargeT, Edema"] == ""


@pytest.mark.parametrize(
    ("name", "told", "not_told"),
    [
        ("benchmark-table-2", "2108.05930, table 2; standard deviations with ddof 0; the Dice", "second source"),
        ("benchmark-table-2", "is believed to be the one of all test pixels together, which the official code", "~"),
        ("benchmark-figure-1", "is believed to be the one of all test pixels together, which the official", "second"),
        ("benchmark-figure-2", "values with ~ were read off the figure.", "second source"),
        ("transfusion-table-1", "photographs are not EyePACS', so its numbers are for orientation", "ddof 0"),
        ("transfusion-table-2", "as a second source quotes them", "EyePACS"),
        ("transfusion-table-3", "photographs are not EyePACS', so its numbers are for orientation", "~"),
    ],
)
def test_it_is_said_where_published_values_are_from_and_how_far_they_can_be_compared(
    name: str, told: str, not_told: str
) -> None:
    made = papers(name)
    note = published_note(made)
    assert note is not None
    assert told in note
    assert not_told not in note
    text = words(render("A report", [Illustrated(made)]))
    assert note in text
    assert text.count("published ") >= sum(map(bool, published_cells(made).values())) > 0
    assert published_note(dataclasses.replace(made, edition="phantom")) is None


def test_published_values_stand_beside_those_of_the_same_protocol_on_real_data_only() -> None:
    rows, columns = (("Scratch", "random"), ("ImageNet", "imagenet")), (("PXS", "dice"), ("TXC", "auroc"))
    cells = {(row, column): Cell((0.7, 0.71)) for row, _ in rows for column, _ in columns}
    plain = {"name": "benchmark-table-2", "rows": rows, "columns": columns, "cells": cells, "reference": "Scratch"}
    made = document(**plain, edition="real", protocol="paper", parts=())
    assert published_cells(made)["ImageNet", "TXC"] == "95.62 ± 0.63 on other test images"
    by_lists = RunLine("a" * 64, "ImageNet", "TXC", 0, 0.7, 1.0, 1, by_lists=True)
    assert published_cells(dataclasses.replace(made, runs=(by_lists,)))["ImageNet", "TXC"] == "95.62 ± 0.63"
    text = words(render("A report", [Illustrated(made)]))
    assert "published 67.54 ± 0.60" in text
    assert "arxiv.org/abs/2108.05930" in text
    figure = dataclasses.replace(made, name="benchmark-figure-1")
    assert published_cells(figure)["Scratch", "TXC"] == "89.03 ± 1.82 on other test images"
    for other in ({"protocol": "small"}, {"protocol": "changed"}, {"edition": "phantom"}, {"name": "mine"}):
        assert not any(published_cells(dataclasses.replace(made, **other)).values())  # type: ignore[arg-type]


def test_a_study_of_a_thousand_runs_is_still_a_page_of_less_than_two_megabytes() -> None:
    rows = tuple((f"method {number}", "random") for number in range(15))
    columns = tuple((f"T{number}", "auroc") for number in range(7))
    generator = np.random.default_rng(0)
    classes = [f"auroc:finding {number}" for number in range(14)]
    runs = tuple(
        RunLine(
            key=hashlib.sha256(f"{row}{column}{seed}".encode()).hexdigest(),
            row=row,
            column=column,
            seed=seed,
            score=0.8,
            seconds=1.0,
            epochs=100,
            load={"before": f"{row}{column}{seed}" * 4, "after": "x" * 64, "loaded": "320 tensors"},
            scores=dict.fromkeys(["auroc", *classes], float(generator.random())),
            validation=tuple(generator.random(100).tolist()),
            spec={"dataset": column, "recipe": "x" * 1500, "seed": seed},
        )
        for row, _ in rows
        for column, _ in columns
        for seed in range(10)
    )
    cells = {(row, column): Cell(tuple(generator.random(10))) for row, _ in rows for column, _ in columns}
    made = document(rows=rows, columns=columns, cells=cells, runs=runs, reference="method 0", parts=(), seeds=10)
    text = render("A study", [Illustrated(dataclasses.replace(made, figure=Figure(ranks=True)))])
    assert len(text.encode()) < SMALL
    assert text.count('class="run"') == 1050


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Path:
    """A folder with two small tables, their runs and their report."""
    folder = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, seeds in (("initializations", "2"), ("benchmark-table-2", "1")):
            table = ["table", name, "--profile", "smoke", "--seeds", seeds, "--wandb", "disabled"]
            assert main([*table, *in_turn]) == 0
        assert main(["table", "benchmark-table-1"]) == 0
        assert main(["report", "--title", "What we found"]) == 0
    return folder


SMALL = 2_000_000
"""The largest size of a page in bytes."""


def shown(finished: Path, table: str = "initializations") -> Path:
    """The page of a table beside the index."""
    return finished / "report-pages" / f"{table}.html"


def test_several_tables_are_an_index_and_a_small_page_each_without_a_name_of_a_folder(finished: Path) -> None:
    names = ("initializations", "benchmark-table-1", "benchmark-table-2")
    pages = [finished / "report.html", *(shown(finished, name) for name in names)]
    assert sorted((finished / "report-pages").iterdir()) == sorted(pages[1:])
    for path in pages:
        text = path.read_text()
        assert len(text.encode()) < SMALL
        assert str(finished) not in text


def test_the_index_gives_each_tables_answer_in_words_and_leads_to_its_page(finished: Path) -> None:
    text = (finished / "report.html").read_text()
    links = [address for address in Page(text).fetched if not address.startswith("data:")]
    assert sorted(links) == sorted(f"report-pages/{path.name}" for path in (finished / "report-pages").iterdir())
    made = read_table(finished / "tables" / "initializations.json")
    assert re.sub(r"\s+", " ", answer(made, "PneumoniaMNIST").text) in words(text)
    for path in (finished / "report-pages").iterdir():
        addresses = [one for one in Page(path.read_text()).fetched if not one.startswith(("data:", "#"))]
        assert addresses == ["../report.html"]


def test_examples_show_masks_and_probabilities_of_the_test_set(finished: Path) -> None:
    text = words(shown(finished).read_text())
    assert re.search(r"truth: pneumonia\s*random: pneumonia [01]\.\d\d, (found|missed)", text)
    assert "truth: no finding" in text
    assert "worst 1 of 120" in text
    assert re.search(r"Scratch: Dice [01]\.\d\d", words(shown(finished, "benchmark-table-2").read_text()))


def test_images_of_real_patients_are_shown_to_whoever_asks_only(finished: Path, tmp_path: Path) -> None:
    real = dataclasses.replace(read_table(finished / "tables" / "initializations.json"), edition="real")
    (tmp_path / "real.json").write_text(to_json(real))
    command = ["report", str(tmp_path / "real.json"), "--output", str(tmp_path / "x.html"), "--runs"]
    assert main([*command, str(finished / "runs")]) == 0
    assert "image/jpeg" not in (tmp_path / "x.html").read_text()
    assert "--with-images" in (tmp_path / "x.html").read_text()
    assert main([*command, str(finished / "runs"), "--with-images"]) == 0
    assert "image/jpeg" in (tmp_path / "x.html").read_text()


def test_a_report_without_the_runs_says_so(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["report", str(finished / "tables" / "initializations.json"), "--runs", str(tmp_path / "none")]
    assert main([*command, "--output", str(tmp_path / "x.html")]) == 0
    assert "No test images are shown: the runs are not at hand." in capsys.readouterr().err
    assert main([*command, "--with-images", "--output", str(tmp_path / "y.html")]) == 5
    assert "Name the run store of the table with --runs" in capsys.readouterr().err
    assert not (tmp_path / "y.html").exists()


def test_no_tables_are_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--tables", str(tmp_path), "--output", str(tmp_path / "x.html")]) == DataError.exit_status
    assert "holds no tables. Make one first" in capsys.readouterr().err


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def browser(finished: Path) -> Iterator[Any]:
    """The page in a browser without a network; what it asks for and complains about fails the test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    trouble: list[str] = []
    address = shown(finished).as_uri()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = opened.new_context(offline=True).new_page()
        view.on("console", lambda message: trouble.append(f"console: {message.text}"))
        view.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        view.on("request", lambda request: None if request.url.startswith("data:") else trouble.append(request.url))
        view.goto(address)
        yield view
        opened.close()
    assert trouble == [address]


def column(view: Any, table: str, number: int) -> list[str]:
    """The texts of one column as they stand."""
    return [cell.strip() for cell in view.locator(f"{table} > tbody > tr > :nth-child({number})").all_inner_texts()]


def test_a_browser_shows_the_records_numbers(browser: Any, finished: Path) -> None:
    records = [json.loads(path.read_text()) for path in (finished / "runs").glob("*/record.json")]
    browser.locator("#initializations details:has(button.run) > summary").click()
    keys = browser.locator("#initializations button.run").evaluate_all("all => all.map((one) => one.dataset.run)")
    scores = dict(zip(keys, column(browser, "#initializations table.runs:has(button.run)", 5), strict=True))
    wanted = {record["key"]: f"{100 * record['score']:.2f}" for record in records if record["key"] in scores}
    assert scores == wanted
    assert len(scores) >= 6


def test_a_click_sorts_and_a_second_one_turns_round(browser: Any) -> None:
    heading = browser.locator("#initializations table.scores thead button").nth(1)
    before = column(browser, "#initializations table.scores", 2)
    shown = []
    for _ in range(2):
        heading.click()
        shown.append([float(cell.split(" ")[0]) for cell in column(browser, "#initializations table.scores", 2)])
    assert shown[0] == sorted(shown[0])
    assert shown[1] == sorted(shown[0], reverse=True)
    assert len(before) == len(shown[0]) > 2
    names = column(browser, "#initializations table.scores", 1)
    assert sorted(names) == sorted(["random", "Mean Var of fractals", "fractals"])


def test_a_click_on_a_run_tells_what_it_loaded_and_another_one_hides_it(browser: Any, finished: Path) -> None:
    browser.locator("#initializations details:has(button.run) > summary").click()
    button = browser.locator("#initializations button.run").first
    key = button.get_attribute("data-run")
    record = json.loads((finished / "runs" / key / "record.json").read_text())
    button.click()
    more = browser.locator("tr.more")
    told = more.inner_text()
    assert key in told
    for part in ("loading", "spec", "environment", record["environment"]["versions"]["torch"]):
        assert part in told
    assert str(record["spec"]["recipe"]["optimizer"]["learning_rate"]) in told
    button.click()
    assert more.count() == 0


CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "link",
    "menuitem",
    "region",
    "tab",
    "table",
    "textbox",
    "DisclosureTriangle",
}


def test_everything_that_is_used_or_found_by_its_name_has_one(browser: Any) -> None:
    for summary in browser.locator("summary").all():
        summary.click()
    tree = browser.context.new_cdp_session(browser).send("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in tree if not node["ignored"]]
    roles = [node["role"]["value"] for node in shown]
    named = [node for node in shown if node["role"]["value"] in CONTROLS]
    assert [node for node in named if not node["name"]["value"].strip()] == []
    assert roles.count("main") == 1
    assert {"button", "region", "table", "rowheader", "columnheader"} <= set(roles)
    assert browser.locator("table").count() == browser.locator("table > caption").count() > 3


def test_no_word_is_broken_in_its_middle_on_a_phone(browser: Any) -> None:
    """Each word of a table that is shown has one box; one that were broken would have several."""
    browser.set_viewport_size({"width": 360, "height": 800})
    broken = browser.evaluate(
        """() => {
            const found = [];
            for (const cell of document.querySelectorAll("th, td")) {
                const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
                for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                    for (const word of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
                        const range = document.createRange();
                        range.setStart(node, word.index);
                        range.setEnd(node, word.index + word[0].length);
                        const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
                        if (lines.size > 1) found.push(word[0]);
                    }
                }
            }
            return found;
        }"""
    )
    assert broken == []


def test_a_table_that_goes_on_can_be_moved_by_the_keyboard(browser: Any) -> None:
    browser.set_viewport_size({"width": 300, "height": 800})
    wide = browser.locator("#initializations .scroll").first
    assert wide.evaluate("one => one.scrollWidth > one.clientWidth")
    wide.focus()
    browser.keyboard.press("ArrowRight")
    end = time.monotonic() + 10
    while wide.evaluate("one => one.scrollLeft") == 0:  # it moves in steps
        assert time.monotonic() < end


def test_answers_that_are_alike_are_said_once() -> None:
    alike = document()
    texts = [answer(alike, column).text for column, _ in alike.columns]
    assert len(set(texts)) == len(texts) == 2
    columns = tuple((f"{label}{copy}", metric) for copy in ("", " again") for label, metric in alike.columns)
    cells = {(row, f"{label}{copy}"): cell for (row, label), cell in alike.cells.items() for copy in ("", " again")}
    shown = words(page(columns=columns, cells=cells, parts=(), overlaps={}))
    for text in texts:
        assert shown.count(re.sub(r"\s+", " ", text)) == 1


A4 = 703
"""The width in CSS pixels, 96 an inch, of paper of 210 mm with margins of 12 mm."""


def test_it_fits_a_phone_in_the_dark_and_paper(browser: Any) -> None:
    for width in (360, 1280):
        browser.set_viewport_size({"width": width, "height": 800})
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    browser.emulate_media(color_scheme="dark")
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") != light
    browser.emulate_media(media="print", color_scheme="dark")
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == light
    browser.set_viewport_size({"width": A4, "height": 1000})
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= A4
