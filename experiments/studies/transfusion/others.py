"""Other people's finished work on reuse of features, which claims of Transfusion are held against."""

from __future__ import annotations

from pathlib import Path

from experiments.ledger.claim import Reading, difference, held_against, less, mean_of
from experiments.ledger.elsewhere import Shipped

REPLICATION = Shipped(Path(__file__).parent / "elsewhere" / "similarity.csv")
"""How similar each stage of fine-tuned networks is to the start that it had, and to a random one that it never had."""

TASKS = ("chest", "breast", "thyroid", "knee", "mammograms", "isic", "pcam-small")
STAGES = ("conv1", "block1", "block2", "block3", "block4")


def kept_by_stage(name: str) -> Reading:
    """The similarity to the start above that to a foreign start: of the lowest stage less the highest, and by stage.

    Args:
        name: what the whole is called.
    """
    kept = [
        mean_of(stage, [difference(f"own start {stage}", f"random start {stage}", task) for task in TASKS])
        for stage in STAGES
    ]
    return held_against(REPLICATION, less(f"{name}, mean over 7 tasks", kept[0], kept[-1]), kept)
