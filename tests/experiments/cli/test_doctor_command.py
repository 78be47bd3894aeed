"""`medtransfer doctor` as a user types it; the only servers that it asks here are on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.checks.diagnosis import network
from experiments.cli.command_line import main
from initializers.publishing.variable import VARIABLE

CHECKS = {
    "python", "packages", "own packages", "DICOM", "device", "memory", "shared memory", "runs folder", "cache folder",
    "weights folder", "data folder", "network", "DDP", "SLURM", "wandb",
    "MONAI",
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setattr(network, "servers", lambda: ["http://127.0.0.1:1"])
    return tmp_path


def test_every_check_is_one_line_and_a_machine_without_a_network_has_no_problem(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line[8:].partition(":")[0] for line in lines} >= CHECKS
    assert {line[:8].strip() for line in lines} <= {"ok", "warning"}
    assert any(line.startswith("warning network: none") for line in lines)
    assert list(home.iterdir()) == []


def test_a_problem_gives_the_status_of_wrong_usage_and_json_has_the_same_facts(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").touch()
    assert main(["doctor", "--json", "--runs", str(home / "file")]) == 2
    found = {one["check"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(found) >= CHECKS
    assert found["runs folder"] == {
        "check": "runs folder",
        "state": "problem",
        "found": f"{home / 'file'} is a file, not a folder",
        "remedy": "Name another one with --runs.",
    }
    assert found["DDP"]["state"] == "ok"
