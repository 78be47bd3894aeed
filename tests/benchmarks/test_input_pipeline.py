"""The benchmark runs, and what it says must be equal is; speeds are no tests."""

from __future__ import annotations

from pathlib import Path

from benchmarks.input_pipeline import TARGETS, measure
from benchmarks.interleaved import rates, ratio


def test_it_measures_every_target_and_finds_the_official_samples(tmp_path: Path) -> None:
    found = measure(tmp_path, images=3, rounds=1, real=(), items=64, pair_size=(402, 489))
    assert found["equal"] == {"exact samples": True, "ten crops": True, "segmentation items": True}
    assert set(TARGETS) <= set(found["ratios"])
    assert all(rate > 0 for rate in found["rates"].values())
    lost = found["lost"]["synthetic"]
    assert lost["256"]["median"] > lost["512"]["median"] > lost["source"]["median"] > 0


def test_contenders_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []

    def contender(name: str, items: int) -> int:
        calls.append(name)
        return items

    found = rates({"a": lambda: contender("a", 1), "b": lambda: contender("b", 5)}, rounds=3)
    assert calls == ["a", "b"] * 4
    assert [len(values) for values in found.values()] == [3, 3]
    assert ratio({"a": [2.0, 9.0, 4.0], "b": [1.0, 3.0, 1.0]}, "a", "b") == 3.0
