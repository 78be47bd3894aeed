"""`medtransfer compare`: rates picked on validation, a race, and an answer that says how sure it is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.store import PREDICTIONS
from experiments.session.question import Question, name_of
from experiments.tables.rows import described, rows_of
from experiments.tables.tuning import Picked
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS
from specs.row import parse_row
from specs.run import digest
from tests.experiments.drawn_folder import DATASET, draw_folder

ALONE = ["--backbone", "tiny(width=4)", "--recipe", "phantom/smoke"]
ALONE += ["--set", "epochs=1", "--set", "image_size=12", "--wandb", "disabled"]
FAST = [*ALONE, "--pretraining", "phantom/smoke_pretraining"]
FOLDER = 'folder("ward-7", patient="secret_number")'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Path:
    """A folder with a hospital's images in it, where they were compared."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ensure_phantom(parse(FOLDER), home / "phantoms"), home / "data" / "ward-7")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        command = ["compare", FOLDER, "--from", "random", "fractals", "--learning-rates", "0.001,0.01,0.1"]
        assert main([*command, "--budget", "12", "--control", *FAST, *in_turn, "--jobs", "1"]) == 0
    return home


def compared(home: Path) -> dict[str, Any]:
    """The table that was written."""
    (file,) = (home / "tables").glob("compare-folder-*.json")
    table: dict[str, Any] = json.loads(file.read_text())
    return table


def test_each_row_tries_every_rate_once_and_the_best_on_validation_is_raced(home: Path) -> None:
    records = [json.loads(path.read_text()) for path in (home / "runs").glob("*/record.json")]
    for initializer in ("random", "fractals"):
        of = [record for record in records if record["spec"]["initializer"].startswith(initializer)]
        tuned = [record for record in of if record["spec"]["stage"] == "tune"]
        raced = [record for record in of if record["spec"]["stage"] == "finetune"]
        rate = {record["key"]: record["spec"]["recipe"]["optimizer"]["learning_rate"] for record in of}
        scores = {rate[one["key"]]: one["validation"]["metric"] for one in tuned}
        assert (len(tuned), set(scores)) == (3, {0.001, 0.01, 0.1})
        best = max(scores, key=lambda one: (scores[one], -one))
        assert {rate[one["key"]] for one in raced} == {best}
        assert {one["spec"]["seed"] for one in raced} >= {0, 1}


def test_the_table_says_what_was_tried_and_what_is_decided(home: Path) -> None:
    table = compared(home)
    assert table["protocol"] == "tuned"
    assert table["rows"] == [["Random", "random"], ["Fractals", "fractals"], ["Random, other seeds", "random"]]
    assert all(len(cell["values"]) in (2, 3) and cell["interval"] for cell in table["cells"])
    assert sum("by the validation score of one run each" in text for _, text in table["remarks"]) == 2
    decided = table["parts"]["recommendation"]["decided"]
    assert {one["row"] for one in decided["order"]} == {"Random", "Fractals"}
    assert decided["control"]["row"] == "Random, other seeds"
    assert decided["runs"] <= 12
    assert decided["analysis"]["budget"] == "12 runs"
    licences = table["parts"]["licences"]["rows"]
    assert licences == {row: {"links": []} for row in ("Random", "Fractals", "Random, other seeds")}


def test_rows_that_may_not_be_used_commercially_are_left_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    rows = ["--from", "random", "moco_v2 on resnet50", "fractals", "--learning-rates", "0.001,0.01,0.1"]
    assert main(["compare", FOLDER, *rows, "--licence", "commercial", "--dry-run", *FAST, *in_turn]) == 0
    told = capsys.readouterr()
    assert "MoCo-v2 on ResNet-50 is left out by --licence commercial: CC-BY-NC-4.0, the licence of MoCo-v2" in told.err
    assert "MoCo" not in told.out
    assert "runs of 2 initializations" in told.out


def test_what_is_looked_at_was_written_down_before(home: Path) -> None:
    (path,) = (home / "runs" / "analyses").iterdir()
    assert path.stem == compared(home)["parts"]["recommendation"]["decided"]["analysis"]["digest"]
    fixed = json.loads(path.read_text())
    assert (fixed["fixed"]["margin"], fixed["fixed"]["level"]) == (0.01, 0.05)
    assert fixed["looks"] == compared(home)["parts"]["recommendation"]["decided"]["analysis"]["looked"]


def test_the_same_comparison_again_does_nothing_and_says_the_same_and_how_to_predict(
    home: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    before = {path: path.stat().st_mtime_ns for path in (home / "runs").glob("*/record.json")}
    command = ["compare", FOLDER, "--from", "random", "fractals", "--learning-rates", "0.001,0.01,0.1"]
    assert main([*command, "--budget", "12", "--control", "--output", "again", *FAST, *in_turn]) == 0
    assert {path: path.stat().st_mtime_ns for path in (home / "runs").glob("*/record.json")} == before
    (again,) = (home / "again").glob("*.json")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"to predict new images: medtransfer predict again/{again.name} IMAGES"
    assert (
        json.loads(again.read_text())["parts"]["recommendation"]["decided"]
        == compared(home)["parts"]["recommendation"]["decided"]
    )


def test_a_budget_that_tuning_has_spent_is_told_and_no_run_that_was_not_made_is_counted(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, in_turn: list[str]
) -> None:
    monkeypatch.chdir(home)
    command = ["compare", FOLDER, "--from", "random", "fractals", "--learning-rates", "0.02", "--budget", "0.001min"]
    assert main([*command, "--output", "spent", "--report", "spent", *FAST, *in_turn]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "tuning has spent the budget of 0.001 minutes of runs, so no run was tested: give a larger --budget" in told
    assert "Price: 2 runs, those that tuned included" in told


def test_what_was_trained_and_tested_on_stands_beside_the_scores(home: Path) -> None:
    (file,) = (home / "tables").glob("compare-folder-*.json")
    counts = json.loads(file.read_text())["parts"]["counts"]["by_column"]
    splits = {name: of["whole"] for name, of in counts["your images"]["splits"].items()}
    assert splits["train"] == {"images": 96, "patients": 48}
    assert splits["test"] == splits["validation"] == {"images": 12, "patients": 6}
    (page,) = home.glob("*.html")
    assert '<th scope="row">positive: no</th><td>48 (24)</td><td>6 (3)</td><td>6 (3)</td>' in page.read_text()


def test_in_folds_every_patient_is_tested_once_with_each_seed(
    home: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    monkeypatch.chdir(home)
    command = ["compare", FOLDER, "--from", "random", "gabor", "--learning-rates", "0.01", "--folds", "3"]
    options = ["--budget", "18", "--output", "folds", "--report", "folds.htm"]
    assert main([*command, *options, *ALONE, *in_turn, "--jobs", "1"]) == 0
    (file,) = (home / "folds").glob("*.json")
    table = json.loads(file.read_text())
    assert [len(cell["values"]) for cell in table["cells"]] == [6, 6]
    random, _ = table["parts"]["recommendation"]["decided"]["order"]
    values = next(cell["values"] for cell in table["cells"] if cell["row"] == random["row"])
    assert random["scores"] == pytest.approx([sum(values[:3]) / 3, sum(values[3:]) / 3])
    tested: dict[int, list[str]] = {}
    for line in table["runs"]:
        predictions = pq.read_table(home / "runs" / line["key"] / PREDICTIONS)
        if line["row"] == "Random":
            tested.setdefault(line["seed"], []).extend(predictions["id"].to_pylist())
    assert all(len(of) == len(set(of)) == 120 for of in tested.values())
    tuned = [path for path in (home / "runs").glob("*/record.json") if '"tune"' in path.read_text()]
    folds = [json.loads(path.read_text())["spec"].get("fold") for path in tuned]
    assert sorted(fold for fold in folds if fold) == ["1/3", "1/3", "2/3", "2/3", "3/3", "3/3"]


def test_where_each_run_has_a_pick_of_its_own_the_part_of_the_picks_is_told_apart(
    home: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    """Of three picks of two rates one rate is picked twice, so that picks and seeds can be told apart."""
    monkeypatch.chdir(home)
    command = ["compare", FOLDER, "--from", "random", "gabor", "--learning-rates", "0.01,0.1", "--retune", "3"]
    assert main([*command, "--output", "retuned", "--report", "retuned.htm", *ALONE, *in_turn, "--jobs", "1"]) == 0
    (file,) = (home / "retuned").glob("*.json")
    decided = json.loads(file.read_text())["parts"]["recommendation"]["decided"]
    assert [(len(one["rates"]), len(one["scores"])) for one in decided["order"]] == [(3, 3), (3, 3)]
    _, split = decided["settling"]
    assert "is the part of the learning rates' picks and" in split


def test_a_named_rows_weights_are_told_beside_its_name(home: Path) -> None:
    named, bare = rows_of([parse_row("The ward's filters = gabor on tiny(width=4, in_channels=1)"), parse_row("gabor")])
    assert (named.label, described(named)) == ("The ward's filters", "gabor on tiny(width=4, in_channels=1)")
    assert (bare.label, described(bare)) == ("Gabor", "gabor")


def test_rows_that_are_called_alike_are_told_apart() -> None:
    texts = ["imagenet", "ImageNet = moco_v2", 'file("a/x.pth")', 'file("b/x.pth")', "random", "random on resnet18"]
    assert (
        [row.label for row in rows_of([parse_row(text) for text in texts])]
        == [
            "ImageNet (imagenet)",  # since a person gave its name to another row
            "ImageNet",
            *(f"file-{digest(path)[:8]}" for path in ("a/x.pth", "b/x.pth")),  # whose names are nobody else's business
            "Random",
            "Random on ResNet-18",
        ]
    )


def test_nothing_that_is_passed_on_names_the_hospitals_folder(home: Path) -> None:
    (page,) = home.glob("*.html")
    assert page.stem == next((home / "tables").glob("*.json")).stem
    passed_on = [page, *(home / "tables").iterdir()]
    assert len(passed_on) >= 7
    for path in passed_on:
        for private in (b"ward-7", b"secret_number", str(home).encode()):
            assert private not in path.read_bytes(), path
    assert b"image/jpeg" not in page.read_bytes()


def test_files_of_two_comparisons_never_have_one_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    other = home / "data" / "ward-8"
    if not other.is_dir():
        shutil.copytree(home / "data" / "ward-7", other)
        labels = other / "labels.csv"
        lines = labels.read_text().splitlines()
        labels.write_text("\n".join([*lines[:-8], *lines[-6:]]) + "\n")  # the same classes, fewer images
        assert main(["prepare", FOLDER.replace("ward-7", "ward-8"), "--size", "12", "--jobs", "1"]) == 0
    resolver = Resolver(Paths.given())

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
    assert name(margin=2.0) == name(learning_rates=(0.1, 0.2)) == names[0]  # the same comparison, asked another way


def test_a_dry_run_says_how_much_it_is(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(home)
    command = ["compare", FOLDER, "--from", "random", "mean_var(fractals)", "--dry-run", *FAST]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert "5 of 7 runs to do" in output  # the pretraining and one of the rates are done
    assert "then 4 to 12 runs of 2 initializations" in output


def test_rows_have_the_names_and_networks_that_they_are_given(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["random", "Filters = gabor", "random on tiny(width=8)", "Wide filters = gabor on tiny(width=8)"]
    question = Question(dataset=FOLDER, initializers=rows, backbone="tiny(width=4)", recipe="phantom/smoke")
    table = question.table()
    assert [row.label for row in table.rows] == ["Random", "Filters", "Random on Tiny, width 8", "Wide filters"]
    assert table.reference == "Random"
    assert (table.title, table.columns[0].label) == ("Initializations for your images", "your images")
    monkeypatch.chdir(home)
    assert main(["compare", FOLDER, "--from", *rows, "--dry-run", "--json", *ALONE]) == 0
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
        (["--from", "random", "imagenet by lorra"], 'unknown adaptation "lorra". Did you mean "lora"'),
        (["--learning-rates", "1e-4,x"], "expected learning rates such as"),
        (["--learning-rates", "-1"], "expected learning rates such as"),
        (["--budget", "9"], "9 runs do not reach the first look. Expected 10 or more"),
        (["--budget", "two hours"], "expected a budget of runs or time, such as 40, 2h or 90min, found two hours"),
        (["--retune", "2"], "expected 1, or 3 and more, found 2"),
        (["--retune", "3", "--folds", "5"], "in each fold the rates are picked anew already"),
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
    told = capsys.readouterr().err
    assert "Expected:" in told
    assert "Put your files there or give another --data-root." in told
    assert not (tmp_path / "runs").exists()


def test_a_stage_that_the_network_lacks_is_answered_before_anything_runs(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_folder(tmp_path / "data" / "ward", {"train": [0, 1] * 4, "validation": [0, 1], "test": [0, 1]})
    monkeypatch.chdir(tmp_path)
    rows = ["--from", "random", 'random by freeze("layer9")', "--backbone", "tiny(width=4)"]
    assert main(["compare", DATASET, *rows, "--recipe", "phantom/smoke", "--wandb", "disabled"]) == 2
    assert 'unknown stage of this network: "layer9". Did you mean "layer' in capsys.readouterr().err
    assert not list((tmp_path / "runs").glob("*/record.json"))


@pytest.mark.parametrize(("split", "by"), [("test", "to compare by"), ("validation", "to select epochs by")])
def test_images_without_a_score_are_answered_before_anything_runs(
    split: str, by: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"train": [0, 1] * 4, "validation": [0, 1], "test": [0, 1]} | {split: [0, 0, 0]}
    draw_folder(tmp_path / "data" / "ward", labels)
    monkeypatch.chdir(tmp_path)
    fast = ["--backbone", "tiny(width=4)", "--set", "selection=metric", "--wandb", "disabled"]
    assert main(["compare", DATASET, "--from", "random", "gabor", "--recipe", "phantom/smoke", *fast]) == 3
    message = f"the {split} split has no score {by}, since it has 0 images with nodule and 3 without. Divide the images"
    assert message in capsys.readouterr().err
    assert not list((tmp_path / "runs").glob("*/record.json"))


def test_a_rate_at_the_end_of_the_range_is_told() -> None:
    assert "a wider range may do better" in Picked(0.1, {0.001: [0.5], 0.01: [0.6], 0.1: [0.7]}).remark
    assert Picked(0.01, {0.01: [0.6]}, (0.1,)).remark.endswith("; without a score: 0.1")
    assert "wider" not in Picked(0.01, {0.001: [0.5], 0.01: [0.8], 0.1: [0.7]}).remark


@pytest.mark.parametrize(("rates", "why"), [("1e-3,0.001", "named twice in '1e-3,0.001'"), ("", "found ''")])
def test_learning_rates_that_cannot_be_meant_are_refused(
    rates: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "fractals", "--learning-rates", rates]) == 2
    assert why in capsys.readouterr().err
