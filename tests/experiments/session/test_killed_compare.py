"""A comparison that is killed again and again, or asked twice at once, ends as one that nobody disturbed.

The suite kills four. `MEDTRANSFER_CHAOS_ROUNDS=20 python -m pytest -n 0 -m slow THIS_FILE` kills twenty.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.processes import descendants, gone
from tests.experiments.program import medtransfer

KILLS = int(os.environ.get("MEDTRANSFER_CHAOS_ROUNDS", "4"))

COMMAND = (
    *("compare", 'medmnist("pneumoniamnist")', "--edition", "phantom", "--backbone", "tiny(width=4)", "--from"),
    *("random", "gabor", "--recipe", "phantom/smoke", "--learning-rates", "1e-3,1e-2", "--budget", "16"),
    *("--wandb", "disabled"),
)


def compare(folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return medtransfer(*COMMAND, folder=folder)


def ended(folder: Path) -> dict[str, Any]:
    """What the comparison in a folder found, and what it had written down before."""
    (table,) = (folder / "tables").glob("*.json")
    (analysis,) = (folder / "runs" / "analyses").glob("*.json")
    runs = Counter(json.loads(path.read_text())["stage"] for path in (folder / "runs").glob("*/record.json"))
    return {"decided": json.loads(table.read_text())["decided"], "analysis": analysis.read_text(), "runs": runs}


def finished(command: subprocess.Popen[str]) -> None:
    _, errors = command.communicate(timeout=200)
    assert command.returncode == 0, errors


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """What is found, and the seconds that it takes."""
    folder, began = tmp_path_factory.mktemp("undisturbed"), time.monotonic()
    finished(compare(folder))
    return ended(folder), time.monotonic() - began


@pytest.mark.slow
def test_a_comparison_that_is_killed_again_and_again_comes_to_the_same_verdict(
    undisturbed: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    """One that ends before its kill begins anew in another folder."""
    found, seconds = undisturbed
    chance, folder = random.Random(0), tmp_path / "0"
    for number in range(1, KILLS + 1):
        command = compare(folder)
        try:
            command.wait(timeout=chance.uniform(0.1, 0.6) * seconds)
        except subprocess.TimeoutExpired:
            left = descendants(command.pid)
            command.kill()
            command.communicate()
            assert gone(left)
        else:
            finished(command)
            assert ended(folder) == found
            folder = tmp_path / str(number)
    finished(compare(folder))
    assert ended(folder) == found


@pytest.mark.slow
def test_two_at_once_in_one_store_come_to_the_same_verdict(
    undisturbed: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    both = [compare(tmp_path) for _ in range(2)]
    for command in both:
        finished(command)
    assert ended(tmp_path) == undisturbed[0]
