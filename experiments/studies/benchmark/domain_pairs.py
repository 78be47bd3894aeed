"""Pairs of rows of table 2: chest x-rays alone, natural images alone, and both in turn, by task."""

from __future__ import annotations

from typing import Literal

from experiments.ledger.claim import Reading, difference, mean_of
from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.table_2 import CHESTS, TASKS
from experiments.tables.preset import Profile

Start = Literal["natural", "domain", "both"]

SAME = {"ChestX-ray14": "DXC14", "CheXpert": "DXC5"}
"""The task whose images a source has, which it is not tested on."""


def over_pairs(profile: Profile, start: Start, than: Start) -> Reading:
    """The mean difference of two starts over both chest x-ray sources and all tasks that are not a source's own.

    Args:
        profile: the profile whose rows are named.
        start: what the rows start from: natural images, a chest x-ray source, or both in turn.
        than: what they are compared with, of the same chest x-ray source.
    """
    natural = PROFILES[profile].natural_label
    parts = tuple(
        difference(_label(start, natural, chest), _label(than, natural, chest), task, f"{task}, {chest}")
        for chest in CHESTS
        for task in TASKS[profile]
        if task != SAME[chest]
    )
    return Reading("benchmark_table_2", mean_of("mean over tasks and sources", parts), parts)


def _label(start: Start, natural: str, chest: str) -> str:
    return {"natural": natural, "domain": chest, "both": f"{natural}\u2192{chest}"}[start]
