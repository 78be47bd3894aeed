"""Similarity of pairs of finished runs: of networks that began at random, and of such with transferred ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.measures.measuring.representations import Maps, similarities, stage_maps
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record


@dataclass(frozen=True)
class PairedStage:
    """How similar the features of two networks are at one stage, as mean CCA over the test images.

    Attributes:
        before: the similarity of the two networks before training, in [0, 1]; NaN where the features of one do not
            vary.
        after: the similarity of the two networks after training, in [0, 1]; NaN where the features of one do not vary.
        floor: the similarity that independent features of the same shape would show, in [0, 1].
    """

    before: float
    after: float
    floor: float


Pairs = dict[tuple[str, str], dict[str, PairedStage]]
"""The similarities by the names of the two networks, and then by stage."""


def named(row: str, records: Sequence[Record]) -> dict[str, Record]:
    """The runs of a row by their names, which are made of the row's label and the seed."""
    return {f"{row} {record.data['spec']['seed']}": record for record in records}


def pairs(records: dict[str, Record], stages: Sequence[str], paths: Paths) -> Pairs:
    """The similarities of every pair of networks, before and after training.

    Channels of two networks do not correspond, so channels are drawn for each network by itself (``same_channels`` of
    ``pixel_cca``).

    Args:
        records: the records of finished runs on the same data, by name.
        stages: the names of the stages that are compared.
        paths: where data and runs are.

    Raises:
        RunError: if the weights before or after training are not those of a run.
    """
    after: dict[str, Maps] = {}
    before: dict[str, Maps] = {}
    for name, record in records.items():
        network = restore(record, paths)
        after[name] = stage_maps(network, stages=stages)
        before[name] = stage_maps(network, before_training(record, paths), stages)
    found: Pairs = {}
    for a, b in itertools.combinations(records, 2):
        began = similarities(before[a], before[b], same_channels=False)
        ended = similarities(after[a], after[b], same_channels=False)
        found[a, b] = {stage: PairedStage(began[stage].mean, ended[stage].mean, ended[stage].floor) for stage in stages}
    return found
