"""A finished table beside a reference: itself, another one, and numbers in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.command_line import main
from specs.errors import RunError, UsageError

NAME = "initializations"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Path:
    """A folder with a small table of two seeds."""
    folder = tmp_path_factory.mktemp("reproduced")
    table = ["table", NAME, "--profile", "smoke", "--seeds", "2", "--set", "epochs=1", "--wandb", "disabled"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*table, *in_turn]) == 0
    return folder


@pytest.fixture(autouse=True)
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def reproduce(*options: str) -> int:
    return main(["reproduce", f"tables/{NAME}.json", *options])


def moved(folder: Path, by: float) -> str:
    """The table with other scores of a row."""
    plain: dict[str, Any] = json.loads(Path(f"tables/{NAME}.json").read_text())
    for cell in plain["cells"]:
        if cell["row"] == "fractals":
            cell["values"] = [value + by for value in cell["values"]]
    path = folder / "other.json"
    path.write_text(json.dumps(plain))
    return str(path)


def test_a_table_reproduces_itself_and_its_runs_are_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce("--against", f"tables/{NAME}.json") == 0
    printed = capsys.readouterr().out
    assert "Nothing in 3 cells speaks against a reproduction: 3 lie within the spread of runs, 0 within" in printed
    assert printed.count("verified, bit-identical predictions") == 6


def test_no_tolerance_can_be_asked_for_and_less_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce("--against", f"tables/{NAME}.json", "--without-runs", "--tolerance", "0") == 0
    assert "Nothing in 3 cells" in capsys.readouterr().out
    assert reproduce("--tolerance", "-1") == UsageError.exit_status
    assert "expected a number of points between 0 and 100, found -1" in capsys.readouterr().err


def test_another_mean_is_told_by_cell_and_by_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = moved(tmp_path, -5.0)
    assert reproduce("--against", other, "--without-runs") == RunError.exit_status
    printed = capsys.readouterr().out
    assert printed.count("NOT REPRODUCED") == 1 and "Not reproduced: 1 of 3 cells differ" in printed
    assert "fractals on PneumoniaMNIST" in printed and "+500.00 points" in printed
    assert reproduce("--against", other, "--without-runs", "--json") == RunError.exit_status
    plain = json.loads(capsys.readouterr().out)
    assert plain["reproduced"] is False and plain["runs"] == []
    assert {cell["row"]: cell["verdict"] for cell in plain["cells"]}["fractals"] == "not"
    # Of areas under the curve, the numbers of test images tell how much another test set might change.
    assert all(cell["by_test_set"] > cell["by_runs"] for cell in plain["cells"])


def test_numbers_in_a_file_are_a_reference_and_what_is_lacking_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "printed.csv"
    lines = ["# source: Nobody 2026", "# runs: 10", "# ddof: 0", "# other images: *"]
    lines += ["row,column,mean,std,trust"]
    lines += ["random,PneumoniaMNIST,0.5,0.1,printed", "unknown,PneumoniaMNIST,50,1,printed"]
    path.write_text("\n".join(lines))
    assert reproduce("--against", str(path), "--without-runs", "--tolerance", "99.9") == 0
    printed = capsys.readouterr().out
    assert "beside Nobody 2026" in printed and "1 more have no finished runs here" in printed
    assert "reported 0.50 on other test images, +" in printed


@pytest.mark.parametrize("line", ["# runs: ten", "# ddof: 2", "# runs: 3\n# runs: 4"])
def test_numbers_of_runs_that_are_none_are_refused(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "printed.csv"
    path.write_text(f"# source: Nobody 2026\n{line}\nrow,column,mean,std,trust\nrandom,PneumoniaMNIST,50,1,printed\n")
    assert reproduce("--against", str(path)) == 3
    assert "expected one line" in capsys.readouterr().err


def test_printed_numbers_are_for_the_papers_protocol_and_other_tables_have_other_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce() == UsageError.exit_status
    assert "no printed numbers of it are known. Name a reference: --against FILE" in capsys.readouterr().err
    path = tmp_path / "printed.csv"
    path.write_text("# source: Nobody 2026\nrow,column,mean,std,trust\nA,B,50,1,printed\n")
    assert reproduce("--against", str(path)) == UsageError.exit_status
    assert "have no cell in common: rows random" in capsys.readouterr().err
