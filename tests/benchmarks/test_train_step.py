"""The benchmark of training runs and compares what it says; speeds are no tests."""

from __future__ import annotations

from pathlib import Path

from benchmarks import train_step


def test_every_contender_trains_and_the_overheads_have_targets(tmp_path: Path) -> None:
    tiny = train_step.TINY._replace(changes={"image_size": 28, "batch_size": 40}, epochs=1)
    other = tiny._replace(name="bf16", changes=tiny.changes | {"precision": "bf16"})
    found = train_step.measure(tmp_path, 1, tiny, [other])
    assert [one["target"] for one in found] == [None, None, train_step.OVERHEAD, train_step.OVERHEAD, None, None]
    assert all({"name", "ours", "peer", "unit", "ratio", "target", "machine"} <= set(one) for one in found)
    assert all(one["ours"] > 0 and one["peer"] > 0 for one in found if one["unit"].startswith("images/s"))
    assert all(one["name"] in train_step._words(found) for one in found)
