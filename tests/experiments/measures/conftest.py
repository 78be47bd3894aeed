"""Finished runs of a few seconds that are measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.places import Places
from experiments.resolve import Resolver
from experiments.runner import run
from experiments.store import Record
from tests.experiments.measures.finished import PRETRAINED
from tests.experiments.smoke import places, spec


@pytest.fixture(scope="session")
def where(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Where the runs and their data are."""
    return places(tmp_path_factory.mktemp("measured"))


@pytest.fixture(scope="session")
def record(where: Places) -> Record:
    """A fine-tuning from random weights; no test changes it."""
    return run(spec(), where)


@pytest.fixture(scope="session")
def transferred(where: Places) -> Record:
    """A fine-tuning from weights that were pretrained on fractals, behind its pretraining."""
    made = spec(PRETRAINED)
    for need in Resolver(where).resolve(made).requires:
        run(need.spec, where)
    return run(made, where)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Where a test may keep a run that it changes."""
    return tmp_path / "copies"
