"""What tests of experiments may use: an executor that is quick, and finished runs of a few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import Record
from specs.registry import EXECUTORS
from tests.experiments.finished import PRETRAINED
from tests.experiments.smoke import paths_in, spec


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Options for the executor ``in_turn``, as if pip had installed its distribution.

    Runs in this process need about a quarter less time than in processes of their own: for tests whose subject is what
    runs give, not where they run. It is no executor for runs that fail.
    """
    site = tmp_path_factory.mktemp("site")
    info = site / "in_turn-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: in-turn\nVersion: 1.0\nSummary: One after the other.\n"
    )
    (info / "entry_points.txt").write_text("[medtransfer.executors]\nin_turn = tests.experiments.in_turn:InTurn\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        EXECUTORS.__dict__.pop("entries", None)
        yield ["--executor", "in_turn"]
    EXECUTORS.__dict__.pop("entries", None)


@pytest.fixture(scope="session")
def where(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Where the runs and their data are."""
    return paths_in(tmp_path_factory.mktemp("measured"))


@pytest.fixture(scope="session")
def record(where: Paths) -> Record:
    """A fine-tuning from random weights; no test changes it."""
    return run(spec(), where)


@pytest.fixture(scope="session")
def transferred(where: Paths) -> Record:
    """A fine-tuning from weights that were pretrained on fractals, behind its pretraining."""
    made = spec(PRETRAINED)
    for need in Resolver(where).resolve(made).requires:
        run(need.spec, where)
    return run(made, where)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Where a test may keep a run that it changes."""
    return tmp_path / "copies"
