"""The benchmark of volumes prepares and reads the same ones; speeds are no tests."""

from __future__ import annotations

from benchmarks.volumes import measure


def test_it_measures_both() -> None:
    speeds, ratio = measure(volumes=2, rounds=1)
    assert all(len(found) == 1 and found[0] > 0 for found in speeds.values())
    assert ratio > 0
