"""The command line as a user drives it."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from specs.expression import parse
from specs.registry import DATASETS
from tests.conftest import PROJECT
from tests.experiments.program import medtransfer, outcomes

SMOKE = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the smoke table was made without disturbance, two runs at a time."""
    folder = tmp_path_factory.mktemp("finished")
    process = medtransfer(*SMOKE, "--jobs", "2", folder=folder)
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert "Synthetic (phantom) data" in output
    return folder


def test_the_table_is_rendered_in_every_format(finished: Path) -> None:
    endings = {path.suffix for path in (finished / "tables").iterdir()}
    assert endings == {".csv", ".tex", ".md", ".json", ".png", ".svg", ".pdf"}
    with (finished / "tables" / "initializations.csv").open() as file:
        rows = {row["row"]: row for row in csv.DictReader(file)}
    scores = {str(of["scores"]) for of in outcomes(finished).values()}  # type: ignore[index]
    for row in ("random", "Mean Var of fractals", "fractals"):
        assert any(rows[row]["mean"] in score for score in scores)


def test_a_runs_log_has_a_line_for_each_epoch_and_nothing_that_libraries_say_of_themselves(finished: Path) -> None:
    for path in (finished / "runs").glob("*/log.txt"):
        epochs = len((path.parent / "metrics.jsonl").read_text().splitlines())
        lines = path.read_text().splitlines()
        assert len(lines) == epochs, lines
        for number, line in enumerate(lines, 1):
            told = rf"epoch {number} of at most \d+: .*train loss [\d.e-]+.*, learning rate [\d.e-]+, "
            assert re.search(told + r"[\d.e+]+ images a second, peak memory [\d.]+ GiB$", line), line


def test_a_report_names_what_was_loaded_and_no_folder(finished: Path) -> None:
    text = (finished / "tables" / "initializations.json").read_text()
    loads = [run["load"] for run in json.loads(text)["runs"]]
    assert all("source" not in load and load["input normalization"]["std"] for load in loads)
    fractals = next(load for load in loads if load["initializer"] == "fractals")
    assert fractals["card"]["training_data"] == ["fractals"]
    assert str(finished) not in text


def test_a_finished_table_is_rendered_again_without_running_anything(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(finished)
    before = {path: path.stat().st_mtime_ns for path in (finished / "runs").glob("*/record.json")}
    assert main([*SMOKE]) == 0
    assert {path: path.stat().st_mtime_ns for path in (finished / "runs").glob("*/record.json")} == before
    capsys.readouterr()
    assert main([*SMOKE, "--dry-run"]) == 0
    assert "0 of 4 runs to do" in capsys.readouterr().out


def test_a_failed_run_leaves_the_others_is_shown_with_its_log_and_is_all_that_is_done_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*SMOKE, "--dry-run", "--json"]) == 0
    runs = json.loads(capfd.readouterr().out)["runs"]
    random = next(
        run["key"]
        for run in runs
        if (run["spec"]["stage"], parse(run["spec"]["initializer"]).name) == ("finetune", "random")
    )
    (tmp_path / "runs" / random).mkdir(parents=True)  # a folder in the way: this run cannot be published
    (tmp_path / "runs" / random / "debris").write_text("x")
    assert main([*SMOKE, "--jobs", "2"]) == 5
    printed = capfd.readouterr()
    assert "log:" in printed.err
    assert "failed" in printed.out
    assert len(outcomes(tmp_path)) == 3
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/record.json")}
    shutil.rmtree(tmp_path / "runs" / random)
    assert main([*SMOKE, "--jobs", "2"]) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert outcomes(tmp_path) == outcomes(finished)


def test_one_run_from_options_prints_its_spec_and_a_spec_file_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["run", "--dataset", "medmnist", "--edition", "phantom", "--backbone", "tiny(width=4)"]
    options += ["--initializer", "random", "--recipe", "phantom/smoke", "--set", "epochs=1", "--dry-run"]
    assert main([*options, "--json"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["recipe"]["epochs"] == 1
    assert main(options) == 0
    by_options = capsys.readouterr().out
    (tmp_path / "spec.json").write_text(text)
    assert main(["run", "--spec", "spec.json", "--dry-run"]) == 0
    assert capsys.readouterr().out == by_options


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["tabel"], 2, "Did you mean table"),
        (["table", "initialisations"], 2, 'Did you mean "initializations"'),
        (["table", "initializations", "--dryrun"], 2, "Did you mean --dry-run"),
        (["table", "initializations", "--profile", "phantm"], 2, 'Did you mean "phantom"'),
        (["list", "dataset"], 2, "Did you mean datasets"),
        (["table", "initializations", "--jobs", "0"], 2, "whole number from 1"),
        (["run", "--dataset", "drive"], 2, "--backbone, --initializer, --recipe missing"),
        (["run", "--spec", "nowhere.json"], 2, "no spec file nowhere.json"),
        (["table", "real-images-initializations", "--data-root", "nowhere", "--offline"], 3, "Expected:"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_answered_with_the_remedy_and_its_exit_status(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("part", "value", "status", "message"),
    [
        ("--dataset", "driv", 2, 'unknown dataset "driv". Did you mean "drive"'),
        ("--initializer", "mean_vr(fractals)", 2, 'Did you mean "mean_var"'),
        ("--backbone", "tinny", 2, 'Did you mean "tiny"'),
        ("--recipe", "phantom/smok", 2, "phantom/smoke"),
        ("--set", "epoch=3", 2, 'Did you mean "epochs"'),
        ("--initializer", 'file("absent.pth")', 4, "there is no weight file absent.pth"),
        ("--initializer", "mean_var(", 2, "not a row"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(
    part: str, value: str, status: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    given = {"--dataset": "medmnist", "--backbone": "tiny", "--initializer": "random", "--recipe": "phantom/smoke"}
    options = [text for pair in (given | {part: value}).items() for text in pair]
    assert main(["run", "--edition", "phantom", *options]) == status
    assert message in capsys.readouterr().err


def test_listing_names_every_dataset_and_says_whether_its_files_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drive").mkdir()
    assert main(["list", "datasets", "--json", "--data-root", str(tmp_path)]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["datasets"]}
    assert set(found) >= set(DATASETS.entries)
    assert found["drive"]["state"].startswith("found in")
    assert found["medmnist"]["state"].startswith("no files")


def test_help_list_and_dry_run_import_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, medtransfer\n"
        "try: medtransfer.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'timm', 'scipy', 'wandb', 'pyarrow', 'albumentations'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    commands = [["--help"], ["list"], ["table", "initializations", "--profile", "smoke", "--dry-run"]]
    for arguments in commands:
        subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"medtransfer {importlib.metadata.version('medtransfer')}\n"
