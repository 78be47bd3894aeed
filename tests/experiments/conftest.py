"""What tests of experiments may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from specs.registry import EXECUTORS


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
