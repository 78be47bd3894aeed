"""What a record says of where a run was made: the state of the sources, the hardware, and no place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from experiments.run.machine.environment import cpu_model, environment, source_state, unlike
from tests.conftest import PROJECT

HERE = environment(torch.device("cpu"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed: a checkout cannot be made")
    (tmp_path / "code.py").write_text("first = 1\n")
    who = ("-c", "user.name=a", "-c", "user.email=b", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "one"), (*who, "tag", "-a", "v1", "-m", "1")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_checkout_is_named_by_its_commit(checkout: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, check=True, capture_output=True, text=True)
    assert source_state(checkout) == {"commit": head.stdout.strip(), "changed": False}


def test_a_changed_file_shows_and_one_that_git_does_not_follow_does_not(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("of the user's own")
    state = source_state.__wrapped__
    assert state(checkout)["changed"] is False
    (checkout / "code.py").write_text("first = 2\n")
    assert state(checkout)["changed"] is True


def test_an_installed_package_and_a_machine_without_git_have_no_state(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_state(tmp_path_factory.mktemp("installed")) is None
    inside = checkout / "site-packages"
    inside.mkdir()
    assert source_state(inside) is None, "the commit of the user's own project, not ours"
    monkeypatch.setenv("PATH", "")
    assert source_state(checkout) is None


def test_the_cpu_is_called_by_its_model(tmp_path: Path) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text("processor\t: 0\nmodel name\t: A CPU @ 2.50GHz\nprocessor\t: 1\nmodel name\t: A CPU @ 2.50GHz\n")
    assert cpu_model(facts) == "A CPU @ 2.50GHz"
    assert cpu_model(tmp_path / "nothing")


def test_it_tells_resources_and_no_place() -> None:
    assert set(HERE) == {"date", "python", "platform", "device", "cpu", "devices", "versions", "source", "host"}
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", HERE["date"])
    assert set(HERE["host"]) == {"cores", "memory", "gpu_memory"}
    assert HERE["host"]["cores"] >= 1
    assert HERE["host"]["memory"] > 0.1
    assert HERE["host"]["gpu_memory"] is None, "of a CPU"
    assert str(PROJECT) not in json.dumps(HERE)


def test_only_what_decides_about_arithmetic_makes_environments_unlike() -> None:
    assert unlike(HERE, HERE) == []
    assert unlike(HERE | {"source": None, "host": {}}, HERE) == []
    assert unlike(HERE | {"cpu": "another", "versions": {}}, HERE) == ["cpu", "versions"]


def test_a_record_from_before_parts_were_noted_is_taken_to_be_alike_in_them() -> None:
    assert unlike({name: HERE[name] for name in ("python", "platform", "device", "versions")}, HERE) == []
