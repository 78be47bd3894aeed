"""Versions against the requirements of the distribution."""

from __future__ import annotations

from importlib.metadata import requires
from pathlib import Path

import pytest

from experiments.checks.diagnosis.versions import own_packages, packages, python_version, versions

NEEDED = ["torch>=2.11", "pytorch-lightning!=2.6.2,!=2.6.3,>=2.6", "albumentations<3,>=2.0.8"]
NEEDED += ['pytest>=8; extra == "test"']
GOOD = {"torch": "2.11.0+cu128", "pytorch-lightning": "2.6.6", "albumentations": "2.0.8"}


def test_good_versions_are_one_line_and_extras_are_not_asked_for() -> None:
    (found,) = packages(NEEDED, GOOD.get)
    assert (found.state, found.found) == ("ok", "3 as medtransfer requires them")


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("torch", "2.10.1", "2.10.1 is too old, expected >=2.11"),
        ("torch", None, "not installed"),
        ("albumentations", "3.0", "3.0 is too new"),
        ("pytorch-lightning", "2.6.2", "known to be bad and excluded"),
        ("pytorch-lightning", "2.5", "2.5 is too old"),
    ],
)
def test_a_bad_version_is_a_problem_with_the_command_that_mends_it(name: str, version: str | None, words: str) -> None:
    (found,) = packages(NEEDED, (GOOD | {name: version}).get)
    assert (found.check, found.state) == (name, "problem")
    assert words in found.found
    assert f"pip install '{name}" in found.remedy


def test_every_fault_has_its_own_line() -> None:
    assert [found.check for found in packages(NEEDED, {}.get)] == ["torch", "pytorch-lightning", "albumentations"]


def test_the_malicious_releases_of_lightning_are_excluded_by_the_installed_distribution() -> None:
    (own,) = [text for text in requires("medtransfer") or [] if text.startswith("pytorch-lightning")]
    for version, words in (("2.6.2", "known to be bad"), ("2.6.3", "known to be bad")):
        (found,) = packages([own], {"pytorch-lightning": version}.get)
        assert words in found.found
    assert packages([own], {"pytorch-lightning": "2.6.6"}.get)[0].state == "ok"


def test_an_old_python_is_a_problem() -> None:
    assert python_version("3.11.0", ">=3.11").state == "ok"
    assert python_version("3.10.9", ">=3.11").state == "problem"


def test_this_environment_is_in_order() -> None:
    assert {found.state for found in versions("3.12.1")} == {"ok"}
    assert versions("3.10.1")[0].state == "problem"


def test_a_package_of_the_same_name_is_a_problem(tmp_path: Path) -> None:
    assert own_packages(None, tmp_path).state == "ok"
    found = own_packages("datamodules from /elsewhere", tmp_path)
    assert (found.state, found.found) == ("problem", f"datamodules from /elsewhere, expected from {tmp_path}")
