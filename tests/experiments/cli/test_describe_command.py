"""`medtransfer describe`, and a folder in place of a dataset's expression in the commands that take one."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.cli.command_line import main
from specs.expression import parse

FAST = ["--backbone", "tiny(width=4, in_channels=1)", "--recipe", "phantom/smoke", "--set", "epochs=1"]
FAST += ["--set", "image_size=12", "--wandb", "disabled", "--offline", "--jobs", "1"]


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of class folders, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for number in range(60):
        kind = ("normal", "pneumonia")[number % 2]
        pixels = np.random.default_rng(number).integers(60, 90, (16, 16), dtype=np.uint8) + np.uint8(99 * (number % 2))
        (tmp_path / "ward" / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "ward" / kind / f"{number}.png")
    return tmp_path / "ward"


def test_what_is_printed_is_an_expression_that_other_commands_take(
    ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["describe", "ward"]) == 0
    shown = capsys.readouterr().out
    (expression,) = re.findall(r"^  (folder\(.*\))$", shown, re.MULTILINE)
    assert parse(expression).args == (str(ward),)
    for said in ("60 image files (60 .png) in 2 folders", "normal is the absence of pneumonia", "pneumonia     24 "):
        assert said in shown
    assert main(["check", expression]) == 0
    checked = capsys.readouterr()
    assert main(["check", "ward"]) == 0
    again = capsys.readouterr()
    assert again.out == checked.out
    assert f"dataset: {expression}" in again.err
    assert main(["describe", "ward", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chosen"] == expression


def test_a_folder_is_compared_and_run_on(ward: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--dataset", "./ward", "--initializer", "random", *FAST]) == 0
    printed = capsys.readouterr()
    assert "dataset: folder(" in printed.err
    assert "auroc" in printed.out
    command = ["compare", "ward", "--from", "random", "mean_var(random)", "--learning-rates", "1e-3"]
    assert main([*command, *FAST, "--dry-run"]) == 0
    assert "dataset: folder(" in capsys.readouterr().err


def test_what_can_be_read_in_two_ways_or_in_none_is_not_guessed(ward: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{n},{'ab'[n % 2]},{'cd'[n // 2 % 2]}\n" for n in range(60))
    (ward / "labels.csv").write_text(f"image,tissue,stage\n{rows}")
    assert main(["describe", "ward"]) == 3
    assert "it can be read in 2 ways" in capsys.readouterr().out
    assert main(["compare", "ward", *FAST]) == 3
    error = capsys.readouterr().err
    assert error.count("folder(") == 2
    assert 'label="tissue"' in error and 'label="stage"' in error
    (ward / "empty").mkdir()
    assert main(["compare", "ward/empty", *FAST]) == 3
    assert "nothing here is read as a dataset" in capsys.readouterr().err
    assert main(["compare", "./nowhere", *FAST]) == 2
    assert "neither a dataset nor a folder" in capsys.readouterr().err


@pytest.mark.slow
def test_the_real_pneumoniamnist_in_two_folders_is_answered(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every sixth of the 28-pixel images as files, by the folder alone but for a small budget."""
    monkeypatch.chdir(tmp_path)
    with np.load(real_data / "medmnist" / "pneumoniamnist.npz") as stored:
        for split in ("train", "val", "test"):
            labelled = zip(stored[f"{split}_images"], stored[f"{split}_labels"], strict=True)
            for number, (pixels, label) in islice(enumerate(labelled), 0, None, 6):
                folder = tmp_path / "chests" / ("pneumonia" if label[0] else "normal")
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(folder / f"{split}{number}.png")
    command = ["compare", "chests", "--budget", "6", "--learning-rates", "1e-3", "--wandb", "disabled", "--offline"]
    assert main([*command, "--set", "epochs=1"]) == 0
    shown = capsys.readouterr().out
    assert "ImageNet" in shown and "Random" in shown
