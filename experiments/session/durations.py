"""About how long the runs of a plan take: by like runs that are done, else by their work and a device's speed."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from datamodules.dataset.counts import Counts
from experiments.execution.planner import Plan
from specs.registry import ADAPTATIONS, DATASETS
from specs.run import RunSpec
from specs.settling import taking

TRAINING = 3
"""The forward passes that a training step takes: itself, the gradients of activations and those of weights, each about
as many multiply-adds as the forward pass."""

TEST_SHARE, VALIDATION_SHARE = 0.1, 1 / 9
"""The share of images that test, and of the others the share that validate, where no files and no counts are there.

It is how datasets without a published split are divided.
"""


@dataclass(frozen=True)
class Durations:
    """About how long the runs that are left take.

    Attributes:
        seconds: the seconds of the runs that something is known of, one after the other.
        at_once: the seconds until all of these are done, if several run at a time.
        like: the number of runs whose seconds are those of like runs that are done.
        by_speed: the number of runs whose seconds follow from the device's speed.
        unknown: the number of runs that nothing is known of.
        waves: how many runs one after the other need each other, at most.
        gigabytes: what the runs that something is known of will take on the disk, in GB; None: nothing is known.
    """

    seconds: float
    at_once: float
    like: int
    by_speed: int
    unknown: int
    waves: int
    gigabytes: float | None


def durations(plan: Plan, lacking: Iterable[RunSpec], slots: int | None, speed: float | None) -> Durations:
    """Estimate how long the runs of a plan that are not done take, and those that lack data.

    Args:
        plan: the plan.
        lacking: the specs of the runs that cannot be planned before their data or weights are there.
        slots: the most runs at the same time; None: no limit.
        speed: the images a second at which the device trains ResNet-50 at 224 pixels; None: only like runs tell.
    """
    timed, sizes = _done(plan)
    rate = _Rate(speed) if speed else None
    seconds: dict[str, float | None] = {}
    like = by_speed = 0
    waiting = [(run.key, run.spec, run.counts) for run in plan.waiting]
    waiting += [(f"lacking {number}", spec, None) for number, spec in enumerate(lacking)]
    for key, spec, counts in waiting:
        if found := timed.get(kind_of(spec)):
            seconds[key], like = mean(found), like + 1
        else:
            seconds[key] = rate.seconds(spec, counts) if rate else None
            by_speed += seconds[key] is not None
    known = {key: one for key, one in seconds.items() if one is not None}
    needs = {run.key: [need.key for need in run.requires] for run in plan.waiting}
    return Durations(
        sum(known.values()),
        _until_all_are_done(known, needs, slots),
        like,
        by_speed,
        len(seconds) - len(known),
        _waves(list(seconds), needs),
        _gigabytes([spec for _, spec, _ in waiting], sizes),
    )


def kind_of(spec: RunSpec) -> tuple[Any, ...]:
    """What runs that take about as long have in common."""
    return spec.stage, spec.dataset, spec.edition, spec.backbone, spec.recipe


def _done(plan: Plan) -> tuple[dict[Any, list[float]], dict[Any, list[int]]]:
    """The seconds and the bytes on the disk of the plan's runs that are done, by kind."""
    seconds: dict[Any, list[float]] = defaultdict(list)
    sizes: dict[Any, list[int]] = defaultdict(list)
    for key in plan.done:
        record = plan.store.record(key)
        if record is not None:
            kind = kind_of(plan.runs[key].spec)
            seconds[kind].append(record.data["seconds"])
            sizes[kind].append(sum(path.stat().st_size for path in record.folder.iterdir()))
    return seconds, sizes


def _waves(keys: Sequence[str], needs: Mapping[str, Sequence[str]]) -> int:
    """How many runs one after the other need each other; each run comes after those that it needs."""
    depths: dict[str, int] = {}
    for key in keys:
        depths[key] = 1 + max((depths[need] for need in needs.get(key, ()) if need in depths), default=0)
    return max(depths.values(), default=0)


def _gigabytes(specs: Sequence[RunSpec], sizes: Mapping[Any, Sequence[int]]) -> float | None:
    found = [mean(sizes[kind]) for kind in map(kind_of, specs) if kind in sizes]
    return sum(found) / 1e9 if found else None


def _until_all_are_done(seconds: Mapping[str, float], needs: Mapping[str, Sequence[str]], slots: int | None) -> float:
    """The time until all runs are done, each of which starts once those that it needs are done and a slot is free."""
    free = [0.0] * min(slots or len(seconds), len(seconds))
    ended: dict[str, float] = {}
    for key, one in seconds.items():  # each run comes after those that it needs
        ready = max((ended[need] for need in needs.get(key, ()) if need in ended), default=0.0)
        start = max(heapq.heappop(free), ready)
        ended[key] = start + one
        heapq.heappush(free, ended[key])
    return max(ended.values(), default=0.0)


class _Rate:
    """The speed of a device in multiply-adds a second, and the seconds of runs that follow from it.

    Args:
        speed: the images a second at which the device trains ResNet-50 at 224 pixels.
    """

    def __init__(self, speed: float) -> None:
        from experiments.measures.measuring.device_speed import reference
        from experiments.measures.measuring.network_costs import counted

        self._a_second = speed * TRAINING * counted(reference())[1]
        self._of_networks: dict[Any, int] = {}

    def seconds(self, spec: RunSpec, counts: Counts | None) -> float | None:
        """At most how many seconds a run computes; None for methods whose work is not that of supervised training."""
        if spec.recipe.method is not None:
            return None
        images = _images(spec, counts)
        if images is None:
            return None
        train, validation, test = images
        recipe, adaptation = spec.recipe, ADAPTATIONS.build(spec.recipe.adaptation)
        if adaptation.solved:
            passes = train + validation + test
        else:
            epoch = recipe.interval * recipe.batch_size if recipe.interval else train
            passes = recipe.epochs * (TRAINING * epoch + validation) + test
        return passes * self._multiply_adds(spec) / self._a_second

    def _multiply_adds(self, spec: RunSpec) -> int:
        """The multiply-adds of a forward pass of one image."""
        from experiments.measures.measuring.network_costs import Network, counted

        dataset = DATASETS.build(spec.dataset)
        network = Network(taking(spec.backbone, spec.dataset), dataset.task, spec.recipe, dataset.channels)
        if network.identity not in self._of_networks:
            self._of_networks[network.identity] = counted(network)[1]
        return self._of_networks[network.identity]


def _images(spec: RunSpec, counts: Counts | None) -> tuple[float, float, float] | None:
    """The images that train, validate and test: of the files, else by what is published; None: neither is known."""
    if counts is not None:
        train, validation, test = (counts.splits[name].whole.images for name in ("train", "validation", "test"))
        return train, validation, test
    published = DATASETS.build(spec.dataset).published
    if "images" not in published:
        return None
    test_images = published.get("test images", TEST_SHARE * published["images"])
    others = published["images"] - test_images
    fraction = DATASETS.bind(spec.dataset).arguments().get("fraction", 1.0)
    return fraction * others * (1 - VALIDATION_SHARE), others * VALIDATION_SHARE, test_images
