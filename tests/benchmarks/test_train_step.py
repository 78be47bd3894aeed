"""The benchmark of training runs and compares what it says; speeds are no tests."""

from __future__ import annotations

from pathlib import Path

from benchmarks import train_step


def test_every_contender_trains_and_the_overheads_have_targets(tmp_path: Path) -> None:
    tiny = train_step.TINY._replace(changes={"image_size": 28, "batch_size": 40}, epochs=1, options={})
    large = tiny._replace(name="other", options={"bf16": {"precision": "bf16"}})
    found = train_step.measure(tmp_path, 1, tiny, large)
    targets = {one["name"]: one["target"] for one in found}
    assert targets == {
        "tiny, 28 pixels: plain loop": None,
        "tiny, 28 pixels: loader alone (ours) against training": None,
        "tiny, 28 pixels: default Lightning's overhead": train_step.OVERHEAD,
        "tiny, 28 pixels: the same with a metric": train_step.OVERHEAD,
        "other: plain loop": None,
        "other: loader alone (ours) against training": None,
        "other: bf16: plain loop": None,
        "other: bf16: without": None,
    }
    assert all({"name", "ours", "peer", "unit", "ratio", "target", "machine"} <= set(one) for one in found)
    assert all(one["ours"] > 0 and one["peer"] > 0 for one in found if one["unit"] == "images/s")
    assert all(one["name"] in train_step._words(found) for one in found)
