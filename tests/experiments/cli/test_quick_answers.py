"""What help and lists import, which is what they take their time for: next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli.command_line import COMMANDS
from tests.conftest import PROJECT

SLOW = {
    "importlib.metadata", "email", "zipfile", "yaml", "numpy", "torch", "rich", "urllib3", "specs.recipe", "specs.run",
    "datamodules.dataset.contract", "lightning_modules.self_supervision.method", "experiments.run.paths",
    "experiments.session.session", "initializers.publishing.store",
}  # fmt: skip
"""Modules of which each takes milliseconds, and which neither needs."""

CODE = "import sys, medtransfer\ntry: medtransfer.main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that the command imports beside those that Python itself starts with."""
    answer, start = (
        subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        ).stderr.split()
        for code in (CODE, "import sys; print(*sys.modules, file=sys.stderr)")
    )  # fmt: skip
    return set(answer) - set(start)


@pytest.mark.parametrize("argument", ["--help", "list"])
def test_help_and_the_list_of_everything_import_no_part_that_they_do_not_need(argument: str, tmp_path: Path) -> None:
    found = imported(tmp_path, argument)
    assert sorted(found & SLOW) == []
    assert len(found) < 125


@pytest.mark.parametrize("kind", ["backbones", "measures", "tables", "executors"])
def test_a_list_without_states_imports_no_entry(kind: str, tmp_path: Path) -> None:
    assert sorted(imported(tmp_path, "list", kind) & SLOW) == []


@pytest.mark.parametrize("kind", ["datasets", "initializers"])
def test_a_list_with_states_imports_no_recipes(kind: str, tmp_path: Path) -> None:
    slow = {"specs.recipe", "specs.recipe_parts", "numpy"}
    if kind != "initializers":  # those ask whether packages with weights are installed
        slow |= {"importlib.metadata"}
    assert not imported(tmp_path, "list", kind) & slow


def test_a_command_imports_no_other_command(tmp_path: Path) -> None:
    found = imported(tmp_path, "status", "--help")
    others = {f"experiments.cli.commands.{name}" for name in COMMANDS} - {"experiments.cli.commands.status"}
    assert not found & others


def test_every_file_of_a_command_is_a_command(tmp_path: Path) -> None:
    folder = PROJECT / "experiments" / "cli" / "commands"
    files = {path.stem for path in folder.glob("*.py") if "def execute(" in path.read_text()}
    assert files == set(COMMANDS)
    shown = subprocess.run(
        [sys.executable, "-m", "medtransfer", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    ).stdout  # fmt: skip
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "] == [*COMMANDS]
