"""The benchmark's table of target tasks: counts on disk beside the published ones."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from specs.expression import parse


def table(folder: Path, *options: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    assert main(["table", "benchmark-table-1", "--output", str(folder / "out"), *options]) == 0
    with (folder / "out" / "benchmark-table-1.csv").open() as file:
        rows = {row["task"]: row for row in csv.DictReader(file)}
    return rows, json.loads((folder / "out" / "benchmark-table-1.json").read_text())["notes"]


def test_phantom_tasks_are_counted_and_not_set_beside_published_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows, notes = table(tmp_path)
    assert list(rows) == ["DXC14", "DXC5", "TXC", "ECC", "PXS", "LXS", "VFS"]
    assert rows["DXC14"]["train / val. / test"] == "291 / 30 / 159"
    assert {row["published"] for row in rows.values()} == {"-"}
    assert {row["metric"] for row in rows.values()} == {"auroc", "dice"}
    assert any("Synthetic" in note for note in notes)
    assert "x-ray" in capsys.readouterr().out


def test_real_tasks_are_set_beside_the_published_counts_and_what_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ensure_phantom(parse("shenzhen"), tmp_path / "phantoms"), tmp_path / "data" / "shenzhen")
    rows, notes = table(tmp_path, "--profile", "paper", "--data-root", str(tmp_path / "data"))
    assert rows["TXC"]["train / val. / test"] == "84 / 11 / 25"
    assert rows["TXC"]["published"] == "463 / 65 / 134"
    assert rows["DXC5"]["published"] == "- / - / 234"
    assert rows["DXC14"]["train / val. / test"] == "-"
    assert "TXC: the counts are not the published ones." in notes
    assert sum("are not there or not in order; `medtransfer check" in note for note in notes) == 6
    assert not any("Synthetic" in note for note in notes)
