"""The benchmark of similarity runs and compares what it says; speeds are no tests."""

from __future__ import annotations

import pytest


def test_it_measures_every_target() -> None:
    pytest.importorskip("cka", reason="the peer pytorch-cka is not installed: install the extra 'test'")
    from benchmarks.similarity import TARGETS, measure

    found = measure(rounds=1, layers=4, channels=16, samples=500, wide=40)
    assert {one["name"]: one["target"] for one in found} == TARGETS
    assert all({"name", "ours", "peer", "unit", "ratio", "target", "machine"} <= set(one) for one in found)
    assert all(one["ours"] > 0 and one["peer"] > 0 for one in found)
