"""The benchmark of loading runs and compares what it says; speeds are no tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.weight_loading import TARGETS, measure
from initializers.publishing.variable import VARIABLE


@pytest.mark.slow  # writes and loads whole ResNet-50s
def test_it_measures_every_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = measure(tmp_path, rounds=1)
    assert {one["name"] for one in found if one["target"]} == set(TARGETS)
    assert all({"name", "ours", "peer", "unit", "ratio", "target", "machine"} <= set(one) for one in found)
    assert all(one["ours"] > 0 and one["peer"] > 0 for one in found[:2])
