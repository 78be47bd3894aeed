"""About how long a plan's runs take: by like runs, by a device's speed, and how many fit beside each other."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from experiments.execution.planner import Plan
from experiments.session.durations import Durations, durations
from specs.registry import BACKBONES
from specs.run import RunSpec
from tests.experiments.smoke import spec


def run(key: str, needs: tuple[Any, ...] = (), **changes: Any) -> Any:
    return SimpleNamespace(key=key, spec=spec(seed=len(key), **changes), requires=needs, counts=None)


def found(
    runs: list[Any], done: dict[str, float], folder: Path, lacking: tuple[RunSpec, ...] = (), **options: Any
) -> Durations:
    """The durations of a plan whose finished runs took the given seconds and left a file of 1,000 bytes each."""
    (folder / "file").write_bytes(bytes(1000))
    store = SimpleNamespace(record=lambda key: SimpleNamespace(data={"seconds": done[key]}, folder=folder))
    waiting = [one for one in runs if one.key not in done]
    plan = SimpleNamespace(runs={one.key: one for one in runs}, done=set(done), store=store, waiting=waiting)
    return durations(cast("Plan", plan), lacking, **({"slots": 1, "speed": None} | options))


def test_runs_take_as_long_as_like_runs_usually_do_and_others_are_counted(tmp_path: Path) -> None:
    other = dataclasses.replace(spec().recipe, epochs=7)
    runs = [run("a"), run("bb"), run("ccc"), run("dddd", recipe=other)]
    assert found(runs, {"a": 500.0, "bb": 700.0}, tmp_path) == Durations(
        600.0, 600.0, 600.0, like=1, by_speed=0, unknown=1, waves=1, gigabytes=1e-6
    )
    more = [*runs, run("e")]
    assert found(more, {"a": 500.0, "bb": 700.0, "e": 90_000.0}, tmp_path).seconds == 700.0  # one that slept
    nothing = found(runs, {}, tmp_path)
    assert (nothing.seconds, nothing.unknown, nothing.gigabytes) == (0.0, 4, None)


@pytest.mark.parametrize(("slots", "seconds"), [(1, 600.0), (2, 400.0), (None, 200.0), (7, 200.0)])
def test_runs_go_on_beside_each_other_as_far_as_slots_and_needs_allow(
    slots: int | None, seconds: float, tmp_path: Path
) -> None:
    first = run("first")
    runs = [run("done"), first, run("after", (first,)), *(run(key) for key in ("x", "y", "zz", "zzz"))]
    planned = found(runs, {"done": 100.0}, tmp_path, slots=slots)
    assert planned.waves == 2 and planned.like == 6
    assert planned.at_once == pytest.approx(seconds, abs=100.0 if slots == 2 else 0.0)


@pytest.mark.parametrize(
    ("changes", "epochs"),
    [
        ({}, (3 * 76_910.2 + 9_613.8, 9, 9)),  # a ninth of what does not test is taken to validate
        ({"early_stopping": 3}, (3 * 76_910.2 + 9_613.8, 4, 9)),
        ({"interval": 10, "batch_size": 32}, (3 * 320 + 9_613.8, 9, 9)),
        ({"adaptation": "probe"}, (76_910.2 + 9_613.8, 1, 1)),
    ],
)
def test_the_time_by_speed_is_that_of_forward_passes_of_resnet_50(
    changes: dict[str, Any], epochs: tuple[float, int, int], tmp_path: Path
) -> None:
    settings = {"epochs": 9, "early_stopping": None, "image_size": 224, "crop_from": None, "stored_size": None}
    recipe = dataclasses.replace(spec().recipe, **(settings | changes))
    lacking = spec(dataset="chestxray14", edition="real", backbone=BACKBONES.bind("resnet50"), recipe=recipe)
    planned = found([], {}, tmp_path, (lacking,), speed=100.0)
    assert (planned.by_speed, planned.unknown) == (1, 0)
    passes, least, most = epochs
    assert planned.least == pytest.approx((least * passes + 25_596) / 300, rel=0.01)
    assert planned.seconds == pytest.approx((most * passes + 25_596) / 300, rel=0.01)
    assert found([], {}, tmp_path, (lacking,)).unknown == 1


def test_nothing_is_guessed_of_self_supervised_methods_or_of_datasets_without_counts(tmp_path: Path) -> None:
    assert found([], {}, tmp_path, (spec(),), speed=100.0).unknown == 1  # MedMNIST publishes no counts here
