"""Two processes give what one gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning_modules.ranks import gather

from tests.lightning_modules.two_ranks import outcome

PROJECT = Path(__file__).resolve().parents[2]


def test_rows_are_sorted_by_sample_and_each_sample_is_kept_once() -> None:
    batches = [
        {"index": torch.tensor([4, 1]), "value": torch.tensor([[40.0], [10.0]])},
        {"index": torch.tensor([0, 4, 2]), "value": torch.tensor([[0.0], [99.0], [20.0]])},
    ]
    rows = gather(batches)
    assert rows["index"].tolist() == [0, 1, 2, 4]
    assert rows["value"].flatten().tolist() == [0.0, 10.0, 20.0, 40.0]


def test_nothing_gathers_to_nothing() -> None:
    assert gather([]) == {}


def test_two_processes_train_validate_and_test_as_one_does(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT),
        "OUTCOME": str(tmp_path / "outcome"),
        "OMP_NUM_THREADS": "1",
    }
    script = Path(__file__).with_name("two_ranks.py")
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ranks = [json.loads((tmp_path / f"outcome.{rank}").read_text()) for rank in (0, 1)]
    assert ranks[0] == ranks[1]
    one = outcome(0, 1)
    assert ranks[0]["index"] == one["index"] == list(range(7))
    assert ranks[0]["logged"] == pytest.approx(one["logged"], rel=1e-6)
    for found, expected in (
        (ranks[0]["probabilities"], one["probabilities"]),
        *((ranks[0]["weights"][name], one["weights"][name]) for name in one["weights"]),
    ):
        torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-4, atol=1e-6)
