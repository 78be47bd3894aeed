"""The names of scores, as papers print them."""

from __future__ import annotations

NAMES = {
    "auroc": "AUROC",
    "dice": "Dice, mean over images",
    "dice_native": "Dice at native size",
    "dice_fov": "Dice inside the field of view",
    "dice_pooled": "Dice over all pixels together",
    "dice_findings": "Dice over images with a finding",
}
"""The names of scores that people read, by their names in a run's record."""


def metric_name(score: str) -> str:
    """The name of a score that people read.

    Args:
        score: the score's name in a run's record, such as ``dice_pooled`` or ``auroc:Edema``; one that is not known, as
            that of a measure, is its own name.
    """
    metric, _, of_class = score.partition(":")
    if of_class and metric in ("auroc", "dice"):
        return f"{'AUROC' if metric == 'auroc' else 'Dice'} of {of_class}"
    return NAMES.get(score, score)
