"""`medtransfer compare`: the same budget for each row, picked on validation, and an answer that says how sure it is."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.reporting.text.recommendation import recommendation
from experiments.run.places import Places
from experiments.run.resolve import Resolver
from experiments.session.comparing import Question, described, name_of, rows_of
from experiments.tables.document import Cell
from experiments.tables.tuning import Picked
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS
from specs.row import parse_row
from tests.experiments.example_table import document

FAST = ["--backbone", "tiny(width=4)", "--recipe", "phantom/smoke", "--pretraining", "phantom/smoke_pretraining"]
FAST += ["--set", "epochs=1", "--set", "image_size=12", "--wandb", "disabled"]
FOLDER = 'folder("ward-7", patient="secret_number")'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Path:
    """A folder with a hospital's images in it, where they were compared."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ensure_phantom(parse(FOLDER), home / "phantoms"), home / "data" / "ward-7")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert main(["prepare", FOLDER, "--size", "12", "--jobs", "1"]) == 0
        command = ["compare", FOLDER, "--from", "random", "fractals", "--learning-rates", "0.001,0.01,0.1"]
        assert main([*command, "--seeds", "2", "--bootstrap", "100", *FAST, *in_turn]) == 0
    return home


def test_each_row_tries_every_rate_once_and_the_best_on_validation_is_taken(home: Path) -> None:
    records = [json.loads(path.read_text()) for path in (home / "runs").glob("*/record.json")]
    tuned = [record for record in records if record["spec"]["stage"] == "finetune"]
    for initializer in ("random", "fractals"):
        of = [record for record in tuned if record["spec"]["initializer"].startswith(initializer)]
        rate = {record["key"]: record["spec"]["recipe"]["optimizer"]["learning_rate"] for record in of}
        first = {rate[one["key"]]: one["validation"]["metric"] for one in of if one["spec"]["seed"] == 0}
        assert set(first) == {0.001, 0.01, 0.1}
        best = max(first, key=lambda one: (first[one], -one))
        assert [rate[one["key"]] for one in of if one["spec"]["seed"] == 1] == [best]
    (file,) = (home / "tables").glob("compare-folder-*.json")
    table = json.loads(file.read_text())
    assert table["protocol"] == "tuned"
    assert table["rows"] == [["Random", "random"], ["Fractals", "fractals"]]
    assert all(len(cell["values"]) == 2 and cell["interval"] for cell in table["cells"])
    assert sum("by the validation score of one run each" in text for _, text in table["remarks"]) == 2
    assert "anew" in " ".join(table["recommendation"])


def test_a_named_rows_weights_are_told_beside_its_name(home: Path) -> None:
    named, bare = rows_of([parse_row("The ward's filters = gabor on tiny(width=4, in_channels=1)"), parse_row("gabor")])
    assert (named.label, described(named)) == ("The ward's filters", "gabor on tiny(width=4, in_channels=1)")
    assert (bare.label, described(bare)) == ("Gabor", "gabor")


def test_rows_that_are_called_alike_are_told_apart() -> None:
    texts = ["imagenet", "ImageNet = moco_v2", 'file("a/x.pth")', 'file("b/x.pth")', "random", "random on resnet18"]
    assert [row.label for row in rows_of([parse_row(text) for text in texts])] == [
        "ImageNet (imagenet)",  # since a person gave its name to another row
        "ImageNet",
        'x.pth (file(path="a/x.pth"))',
        'x.pth (file(path="b/x.pth"))',
        "Random",
        "Random on ResNet-18",
    ]


def test_nothing_that_is_passed_on_names_the_hospitals_folder(home: Path) -> None:
    (page,) = home.glob("*.html")
    assert page.stem == next((home / "tables").glob("*.json")).stem
    passed_on = [page, *(home / "tables").iterdir()]
    assert len(passed_on) == 7
    for path in passed_on:
        for private in (b"ward-7", b"secret_number", str(home).encode()):
            assert private not in path.read_bytes(), path
    assert b"image/jpeg" not in page.read_bytes()
    assert b"comes first in" in page.read_bytes()


def test_files_of_two_comparisons_never_have_one_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    other = home / "data" / "ward-8"
    if not other.is_dir():
        shutil.copytree(home / "data" / "ward-7", other)
        labels = other / "labels.csv"
        lines = labels.read_text().splitlines()
        labels.write_text("\n".join([*lines[:-8], *lines[-6:]]) + "\n")  # the same classes, fewer images
        assert main(["prepare", FOLDER.replace("ward-7", "ward-8"), "--size", "12", "--jobs", "1"]) == 0
    resolver = Resolver(Places.given())

    def name(dataset: str = FOLDER, **asked: Any) -> str:
        question = Question(dataset=dataset, initializers=asked.pop("initializers", ("random", "gabor")), **asked)
        splits = resolver.opened(DATASETS.bind(dataset), "real").index.identity()
        return name_of(question, question.table(), splits)

    names = [
        name(),
        name(FOLDER.replace("ward-7", "ward-8")),
        name(initializers=("gabor", "random")),
        name(backbone="resnet18"),
        name(settings={"epochs": 2}),
        name(recipe="phantom/smoke"),
    ]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("compare-folder-[0-9a-f]{8}", one) for one in names)
    assert name(seeds=9) == name(learning_rates=(0.1, 0.2)) == names[0]  # the same comparison, known better


def test_a_dry_run_says_how_much_it_is(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(home)
    command = ["compare", FOLDER, "--from", "random", "mean_var(fractals)", "--seeds", "4", "--dry-run", *FAST]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert "5 of 7 runs to do" in output  # the pretraining and one of the rates are done
    assert "then 2 x 4 runs" in output


def test_rows_have_the_names_and_networks_that_they_are_given(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["random", "Filters = gabor", "random on tiny(width=8)", "Wide filters = gabor on tiny(width=8)"]
    question = Question(dataset=FOLDER, initializers=rows, backbone="tiny(width=4)", recipe="phantom/smoke")
    table = question.table()
    assert [row.label for row in table.rows] == ["Random", "Filters", "Random on Tiny, width 8", "Wide filters"]
    assert table.reference == "Random"
    assert (table.title, table.columns[0].label) == ("Initializations for Folder", "Folder")
    monkeypatch.chdir(home)
    assert main(["compare", FOLDER, "--from", *rows, "--dry-run", "--json", *FAST]) == 0
    specs = [run["spec"] for run in json.loads(capsys.readouterr().out)["runs"]]
    found = {(spec["initializer"].partition("(")[0], spec["backbone"].partition("(")[2][:7]) for spec in specs}
    assert found == {(initializer, width) for initializer in ("random", "gabor") for width in ("width=4", "width=8")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "random"], "expected two or more different initializations, found Random"),
        (["--from", "random", "random"], "found Random more than once. Leave out what is the same, and"),
        (["--from", "A = random", "B = random"], '"A" and "B" are the same weights on the same network'),
        (
            ["--from", "A = imagenet on resnet18", 'imagenet("resnet18") on resnet18'],
            "are the same weights on the same",
        ),
        (["--from", "A = random", "A = gabor"], "found A more than once"),
        (["--from", "random", "A = B"], 'unknown initializer "B"'),
        (["--from", "random", "imagenet by lora"], "there is no adaptation 'lora'"),
        (["--learning-rates", "1e-4,x"], "expected learning rates such as"),
        (["--learning-rates", "-1"], "expected learning rates such as"),
    ],
)
def test_a_comparison_of_nothing_is_refused(arguments: list[str], message: str, capsys: Any) -> None:
    try:
        status = main(["compare", FOLDER, *arguments])
    except SystemExit as stop:
        status = int(str(stop.code))
    assert status == UsageError.exit_status
    assert message in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_answered_before_anything_runs(tmp_path: Path, capsys: Any) -> None:
    command = ["compare", FOLDER, "--data-root", str(tmp_path / "none"), "--runs", str(tmp_path / "runs")]
    assert main(command) == DataError.exit_status
    assert "Expected:" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_the_recommendation_is_plain_and_says_how_sure_it_is() -> None:
    made, column = document(), "A_1 <50%> & more"
    clear = recommendation(made, column, {"random": 0.0, "good | *best*": 1.0})
    assert clear[0].startswith("Start from good | *best*: 61.00 ± 1.00 against 51.00 ± 1.00 from random")
    assert "comes first in 100% of the draws: that is as good as sure." in clear[1]
    assert len(clear) == 2
    open_ = recommendation(made, "B", {"random": 0.4, "good | *best*": 0.6})
    assert "is not shown to be better than random" in open_[0]
    assert "far from sure" in open_[1]
    assert open_[2] == "What comes first how often: good | *best* 60%, random 40%."
    assert open_[3].startswith("More seeds")
    turned = dataclasses.replace(made, reference="good | *best*")
    assert recommendation(turned, column, {"random": 0.1, "good | *best*": 0.9})[0].startswith("Stay with")
    cells = made.cells | {("gone", column): Cell((0.2, 0.21, 0.22))}
    worse = recommendation(dataclasses.replace(made, cells=cells), column, {"random": 0.0, "good | *best*": 1.0})
    assert "Shown to be worse than random: gone." in worse
    assert "Nothing can be recommended" in recommendation(made, column, {})[0]


def test_a_rate_at_the_end_of_the_range_is_told() -> None:
    assert "a wider range may do better" in Picked(0.1, {0.001: [0.5], 0.01: [0.6], 0.1: [0.7]}).remark
    assert Picked(0.01, {0.01: [0.6]}, (0.1,)).remark.endswith("; without a score: 0.1")
    assert "wider" not in Picked(0.01, {0.001: [0.5], 0.01: [0.8], 0.1: [0.7]}).remark
