"""Studies: the runs that they need are done, and what was found is written, drawn and reported."""

from __future__ import annotations

import csv
import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from experiments.cli.command_line import main
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import read_document
from experiments.reporting.text.phrases import PHANTOM_WARNING
from experiments.run.paths import Paths
from experiments.tables.document import TextDocument
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs
from experiments.tables.table import Table
from specs.errors import DataError, UsageError
from tests.experiments.example_table import Page
from tests.experiments.smoke import table_of_runs

COMMAND = ["table", "mine", "--jobs", "2", "--wandb", "disabled"]
NOTE = "A note | with <signs>."


def draw(count: int) -> Any:
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(4, 3))
    drawing.add_subplot().plot(range(count + 2))
    return drawing


def find(runs: Runs, paths: Paths) -> AnalysisResult:
    rows = [(row, column, f"{100 * (record.score or 0):.2f}") for (row, column), of in runs.items() for record in of]
    return AnalysisResult(("row", "column", "score"), rows, (NOTE,), partial(draw, len(rows)))


def study(networks: Table | None = None, **changes: Any) -> RunAnalysis:
    made = RunAnalysis(title="What is found", question="Is it?", edition="phantom", networks=networks, analyze=find)
    return dataclasses.replace(made, **changes)


def networks() -> Table:
    table = table_of_runs("initializations", "smoke")
    return dataclasses.replace(table, rows=table.rows[:1], reference=table.rows[0].label)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Says which study the command's table is; the current folder is empty."""
    monkeypatch.chdir(tmp_path)

    def ask(one: RunAnalysis) -> None:
        monkeypatch.setattr("experiments.session.make_tables.table_named", lambda name, profile: one)

    yield ask


def titles(svg: str) -> str:
    """All texts of a drawing, which matplotlib writes as comments beside their outlines."""
    return " ".join(line.strip() for line in svg.splitlines() if line.strip().startswith("<!--"))


def test_a_study_does_its_runs_once_and_writes_what_it_finds(
    asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(study(networks()))
    assert main([*COMMAND, "--seeds", "2"]) == 0
    assert "What is found" in capsys.readouterr().out
    records = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/record.json")}
    outcomes = [json.loads(path.read_text())["outcome"]["scores"] for path in records]
    scores = sorted(f"{100 * of['auroc']:.2f}" for of in outcomes)
    folder = tmp_path / "tables"
    assert {path.name for path in folder.iterdir()} == {
        f"mine.{ending}" for ending in ("csv", "tex", "md", "json", "png", "svg", "pdf")
    }
    with (folder / "mine.csv").open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["row", "column", "score"]
    assert sorted(row[2] for row in rows) == scores
    plain = json.loads((folder / "mine.json").read_text())
    assert plain["notes"] == ["Is it?", PHANTOM_WARNING, NOTE]
    markdown = (folder / "mine.md").read_text()
    assert all(score in markdown for score in scores)
    assert PHANTOM_WARNING in markdown
    assert r"A note \| with" in markdown
    ElementTree.parse(folder / "mine.svg")
    assert "Synthetic (phantom) data" in titles((folder / "mine.svg").read_text())

    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main([*COMMAND, "--seeds", "2", "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed == (folder / "mine.json").read_text()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert {path: path.stat().st_mtime_ns for path in records} == records


def test_settings_of_its_runs_are_said(asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(study(networks()))
    assert main([*COMMAND, "--seeds", "1", "--set", "epochs=1"]) == 0
    assert "every fine-tuning: epochs=1." in " ".join(capsys.readouterr().out.split())
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/record.json")]
    assert record["spec"]["recipe"]["epochs"] == 1
    assert "every fine-tuning: epochs=1." in json.loads((tmp_path / "tables" / "mine.json").read_text())["notes"]
    assert "every fine-tuning: epochs=1." in titles((tmp_path / "tables" / "mine.svg").read_text())


def test_a_dry_run_lists_the_runs_and_does_none(asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(study(networks()))
    assert main([*COMMAND, "--seeds", "2", "--dry-run"]) == 0
    assert "2 of 2 runs to do (a dry run does none)" in capsys.readouterr().out
    assert main([*COMMAND, "--seeds", "2", "--dry-run", "--json"]) == 0
    assert [run["spec"]["seed"] for run in json.loads(capsys.readouterr().out)["runs"]] == [0, 1]
    assert not (tmp_path / "tables").exists()
    assert not list((tmp_path / "runs").glob("*/record.json"))


def test_a_study_without_networks_has_nothing_to_run_and_no_recipe_to_set(
    asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(study())
    assert main([*COMMAND, "--dry-run"]) == 0
    assert "0 of 0 runs to do (a dry run does none)" in capsys.readouterr().out
    assert main([*COMMAND, "--dry-run", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain.pop("durations")["seconds"] == 0
    assert plain == {"first": [], "runs": [], "empty": {}, "lacking": []}
    assert not (tmp_path / "tables").exists()
    assert main([*COMMAND, "--set", "epochs=1"]) == UsageError.exit_status
    assert "there is no recipe to set epochs=1 in" in capsys.readouterr().err
    assert main(COMMAND) == 0
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "tables" / "mine.svg").is_file()


def test_real_data_are_not_called_synthetic(asked: Any, tmp_path: Path) -> None:
    asked(study(edition="real"))
    assert main(COMMAND) == 0
    assert "Synthetic" not in (tmp_path / "tables" / "mine.md").read_text()
    assert "Synthetic" not in titles((tmp_path / "tables" / "mine.svg").read_text())


def test_a_run_that_fails_gives_its_exit_status_and_what_is_done_is_shown(
    asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(study(networks()))
    assert main([*COMMAND, "--seeds", "2", "--dry-run", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["runs"]
    in_the_way = tmp_path / "runs" / first["key"]
    in_the_way.mkdir(parents=True)  # this run cannot be published
    (in_the_way / "debris").write_text("x")
    assert main([*COMMAND, "--seeds", "2"]) == 5
    assert "failed: PneumoniaMNIST, from Random on Tiny, width 8, seed 0" in capsys.readouterr().err
    with (tmp_path / "tables" / "mine.csv").open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 2
    assert (tmp_path / "runs" / second["key"] / "record.json").is_file()
    assert (tmp_path / "tables" / "mine.png").is_file()


def test_texts_are_read_as_they_were_written(tmp_path: Path) -> None:
    for texts in ((("1", 'a | "b", c'), ("ä", "")), ()):
        made = TextDocument(
            name="texts", title="A title", question="Is it?", edition="phantom", header=("x", "y, %"), texts=texts,
            notes=("one", "two"),
        )  # fmt: skip
        write_all(made, tmp_path)
        assert read_document(tmp_path / "texts.json") == made


def test_texts_of_before_there_were_blocks_are_read(tmp_path: Path) -> None:
    older = {"title": "A title", "header": ["x"], "rows": [{"x": "1"}], "notes": ["one"]}
    (tmp_path / "old.json").write_text(json.dumps(older))
    found = read_document(tmp_path / "old.json")
    assert isinstance(found, TextDocument)
    assert (found.name, found.title, found.texts, found.notes) == ("old", "A title", (("1",),), ("one",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read as a table"),
        ("[]", "is no table: it states no schema"),
        ('{"title": "x", "rows": [], "notes": []}', "is no table: it states no schema"),
        ('{"title": "x"}', "is no table: it states no schema"),
    ],
)
def test_what_is_no_document_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(DataError, match=rf"other\.json {told}"):
        read_document(tmp_path / "other.json")


def pictures(path: Path) -> list[str]:
    """The drawings of a page, as texts."""
    start = "data:image/svg+xml,"
    return [unquote(one.removeprefix(start)) for one in Page(path.read_text()).fetched if one.startswith(start)]


def test_a_report_holds_a_studys_picture_and_its_numbers(asked: Any, tmp_path: Path) -> None:
    asked(study(networks()))
    assert main([*COMMAND, "--seeds", "1"]) == 0
    assert main(["report"]) == 0
    (picture,) = pictures(tmp_path / "report.html")
    assert picture.split() == (tmp_path / "tables" / "mine.svg").read_text().split()
    assert ElementTree.fromstring(picture.encode()).tag.endswith("svg")
    page = Page((tmp_path / "report.html").read_text())
    (numbers,) = page.tables
    assert numbers[0] == ["Row", "column", "score"]
    assert "What is found" in page.text
    assert NOTE in page.text
    assert PHANTOM_WARNING in page.text
    assert all(address.startswith(("data:", "#")) for address in page.fetched)


def test_a_picture_that_is_not_there_is_no_error(asked: Any, tmp_path: Path) -> None:
    asked(study())
    assert main(COMMAND) == 0
    (tmp_path / "tables" / "mine.svg").unlink()
    assert main(["report"]) == 0
    assert pictures(tmp_path / "report.html") == []
    assert "What is found" in Page((tmp_path / "report.html").read_text()).text


def test_a_picture_of_patients_is_named_so_and_shown_to_whoever_asks_only(asked: Any, tmp_path: Path) -> None:
    asked(study(edition="real", of_patients=True))
    assert main(COMMAND) == 0
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert names == {
        "mine.csv",
        "mine.tex",
        "mine.md",
        "mine.json",
        "mine-images.png",
        "mine-images.svg",
        "mine-images.pdf",
    }
    assert main(["report"]) == 0
    assert pictures(tmp_path / "report.html") == []
    assert main(["report", "--with-images"]) == 0
    assert len(pictures(tmp_path / "report.html")) == 1


def test_a_picture_of_another_profile_does_not_stay_beside_new_numbers(asked: Any, tmp_path: Path) -> None:
    synthetic, real = study(), study(edition="real", of_patients=True)
    for one, endings in ((synthetic, {""}), (real, {"-images"}), (synthetic, {""})):
        asked(one)
        assert main(COMMAND) == 0
        assert {path.stem.removeprefix("mine") for path in (tmp_path / "tables").glob("*.svg")} == endings
        assert {path.stem.removeprefix("mine") for path in (tmp_path / "tables").glob("*.png")} == endings
