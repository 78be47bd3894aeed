"""About how long the runs of a plan take: by like runs that are done, else by their work and a device's speed."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from experiments.execution.planner import Plan
from specs.run import RunSpec

if TYPE_CHECKING:
    from experiments.measures.measuring.device_speed import DeviceSpeed


@dataclass(frozen=True)
class Durations:
    """About how long the runs that are left take.

    Attributes:
        least: the least seconds of the runs that something is known of, one after the other: some may stop early.
        seconds: the most seconds of these runs, one after the other.
        at_once: the most seconds until all of these are done, if several run at a time.
        like: the number of runs whose seconds are those of like runs that are done.
        by_speed: the number of runs whose seconds follow from the device's speed.
        unknown: the number of runs that nothing is known of.
        waves: how many runs one after the other need each other, at most.
        gigabytes: what the runs that something is known of will take on the disk, in GB; None: nothing is known.
    """

    least: float
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
        plan: the plan whose runs are estimated.
        lacking: the specs of the runs that cannot be planned before their data or weights are there.
        slots: the most runs at the same time; None: no limit.
        speed: the images a second at which the device trains ResNet-50 at 224 pixels; None: only like runs tell.
    """
    timed, sizes = _done(plan)
    rate = _rate(speed) if speed else None
    seconds: dict[str, tuple[float, float] | None] = {}
    like = by_speed = 0
    waiting = [(run.key, run.spec, run.counts) for run in plan.waiting]
    waiting += [(f"lacking {number}", spec, None) for number, spec in enumerate(lacking)]
    for key, spec, counts in waiting:
        if found := timed.get(kind_of(spec)):
            usual = median(found)  # a run that slept, as a laptop does, is no measure of others
            seconds[key], like = (usual, usual), like + 1
        else:
            seconds[key] = rate.seconds(spec, counts) if rate else None
            by_speed += seconds[key] is not None
    known = {key: one for key, one in seconds.items() if one is not None}
    needs = {run.key: [need.key for need in run.requires] for run in plan.waiting}
    return Durations(
        sum(least for least, _ in known.values()),
        sum(most for _, most in known.values()),
        _until_all_are_done({key: most for key, (_, most) in known.items()}, needs, slots),
        like,
        by_speed,
        len(seconds) - len(known),
        _waves(list(seconds), needs),
        _gigabytes([spec for _, spec, _ in waiting], sizes),
    )


def _rate(speed: float) -> DeviceSpeed:
    from experiments.measures.measuring.device_speed import DeviceSpeed  # imports torch, which takes seconds

    return DeviceSpeed(speed)


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
