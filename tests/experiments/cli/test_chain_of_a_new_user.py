"""What a new user types, one command after the other: from images in class folders to predictions without torch."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from experiments.cli.command_line import main
from experiments.run.paths import Paths
from specs.expression import parse
from tests.experiments.cli.test_compare_command import FAST
from tests.experiments.exporting.test_export import ALONE


def write_class_folders(home: Path) -> None:
    """The drawn edition of PneumoniaMNIST as images, those to learn from in class folders and 20 new ones without."""
    dataset = parse('medmnist("pneumoniamnist")')
    opened = Paths(home / "source", home / "source", home / "source").opened(dataset, "phantom")
    for place, sample in enumerate([*opened.index.train, *opened.index.validation, *opened.index.test]):
        folder = home / "clinic" / ("pneumonia" if sample.target[0] else "normal")
        if place % 10 == 7:
            folder = home / "new"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(opened.dataset.read_image(opened.root, sample)).save(folder / f"{place:04d}.png")
    shutil.rmtree(home / "source")


@pytest.mark.slow  # a whole comparison
def test_compare_predict_export_and_predict_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_class_folders(tmp_path)
    monkeypatch.chdir(tmp_path)
    quick = [*FAST, *in_turn, "--jobs", "1", "--learning-rates", "0.003,0.01", "--budget", "10"]
    assert main(["compare", "clinic", "--from", "random", "fractals", *quick]) == 0
    (table,) = (tmp_path / "tables").glob("compare-*.json")
    runs = json.loads(table.read_text())["runs"]
    capsys.readouterr()

    assert main(["predict", str(table), "new", "--output", "together"]) == 0
    said = capsys.readouterr().out
    assert "Network: " in said and "not a medical device" in said

    assert main(["export", str(table), "--output", "shared", "--onnx", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["run"]
    assert key in {run["key"] for run in runs}
    assert main(["predict", key, "new", "--output", "alone"]) == 0
    with (tmp_path / "alone" / "predictions.csv").open(newline="") as file:
        wanted = {row["image"]: float(row["probability:pneumonia"]) for row in csv.DictReader(file)}

    shutil.move(tmp_path / "shared", tmp_path / "colleague")
    shutil.rmtree(tmp_path / "runs")
    images = sorted(map(str, (tmp_path / "new").glob("*.png")))
    command = [sys.executable, "-c", ALONE, str(tmp_path / "colleague" / "predict_onnx.py"), *images]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    header, *lines = csv.reader(printed.splitlines())
    place = header.index("pneumonia")
    told = {Path(line[0]).name: float(line[place]) for line in lines}
    assert told.keys() == wanted.keys()
    assert all(abs(told[name] - wanted[name]) < 1e-4 for name in wanted)
