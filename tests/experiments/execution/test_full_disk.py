"""A disk that is full is said in one way, leaves nothing by halves, and costs no finished run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import PROJECT

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
WRITTEN = {
    "record": "record.json",
    "checkpoint": "last.ckpt",
    "best weights": "best.safetensors",
    "predictions": "predictions.parquet",
    "phantom": "drive-",
    "prepared": "of4-",
    "published weights": "swav.pth",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened on a small file system, which is really full."""
    folder = tmp_path_factory.mktemp("full") / "disk"
    folder.mkdir()
    try:
        mount = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small file system needs Linux, and leave to make user namespaces: {error}")
    program = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.experiments.execution.full_disk", str(folder)],
        cwd=folder.parent, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert program.returncode == 0, program.stderr
    result: dict[str, Any] = json.loads(program.stdout)
    return result


@pytest.mark.parametrize(("kind", "name"), WRITTEN.items())
def test_whatever_is_written_the_file_is_named_and_no_part_of_it_stays(
    kind: str, name: str, found: dict[str, Any]
) -> None:
    said = found["said"][kind]
    assert name in said.partition(" could not be written: its disk is full")[0]
    assert "Free some space" in said
    assert said.endswith("it goes on where this one stopped.")


def test_a_command_that_cannot_even_plan_says_so_in_one_line(found: dict[str, Any]) -> None:
    assert found["unplanned"]["status"] == 6
    (line,) = found["unplanned"]["errors"].splitlines()
    assert line.startswith("medtransfer: ")
    assert "its disk is full" in line


def test_a_table_stops_starting_runs_says_why_and_goes_on_when_there_is_space(found: dict[str, Any]) -> None:
    full, space = found["full"], found["space"]
    assert full["status"] == 6
    assert full["finished"].items() <= space["finished"].items()
    errors = "".join(full["errors"].split())  # lines are cut wherever the path of the test's folder makes them end
    assert "last.ckptcouldnotbewritten:itsdiskisfull" in errors
    assert errors.count("Freesomespace") <= 2  # two runs were going on
    assert "more:notstarted,sincethediskisfull" in errors
    assert "Traceback" not in errors
    assert space["status"] == 0
    assert len(space["finished"]) == 4
