"""Similarity of pairs of finished runs: of networks that began at random, and of such with transferred ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.measures.measuring.representations import Maps, similarities, stage_maps
from experiments.run.places import Places
from experiments.run.restored import before_training, restore
from experiments.run.store import Record


@dataclass(frozen=True)
class PairedStage:
    """How alike two networks represent the test images at one stage.

    Attributes:
        before: training, in [0, 1].
        after: training.
        floor: of independent rows.
    """

    before: float
    after: float
    floor: float


Pairs = dict[tuple[str, str], dict[str, PairedStage]]
"""By the names of two networks, then by stage."""


def named(row: str, records: Sequence[Record]) -> dict[str, Record]:
    """Runs of a row by name: the row's label and the seed."""
    return {f"{row} {record.data['spec']['seed']}": record for record in records}


def pairs(records: dict[str, Record], stages: Sequence[str], places: Places) -> Pairs:
    """Every pair of networks.

    Channels of two networks do not correspond: each network's own are drawn (``same_channels`` of ``pixel_cca``).

    Args:
        records: of finished runs on the same data, by name.
        stages: that are compared.
        places: where data and runs are.

    Raises:
        RunError: if the weights before or after training are not those of a run.
    """
    after: dict[str, Maps] = {}
    before: dict[str, Maps] = {}
    for name, record in records.items():
        network = restore(record, places)
        after[name] = stage_maps(network, stages=stages)
        before[name] = stage_maps(network, before_training(record, places), stages)
    found: Pairs = {}
    for a, b in itertools.combinations(records, 2):
        began = similarities(before[a], before[b], same_channels=False)
        ended = similarities(after[a], after[b], same_channels=False)
        found[a, b] = {stage: PairedStage(began[stage].mean, ended[stage].mean, ended[stage].floor) for stage in stages}
    return found
