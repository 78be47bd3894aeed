"""Transfusion, table 2: random and transferred weights on five pathologies of chest x-rays (Raghu et al. 2019)."""

from __future__ import annotations

from typing import Literal

from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, TRANSFER, Profile, chest, networks, shared

PATHOLOGIES = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
"""In the paper's order."""


def transfusion_table_2(
    profile: Profile = "phantom", uncertain: Literal["ignore", "zeros", "ones", "lsr_ones", "lsr_zeros"] = "ignore"
) -> Table:
    """Every network but Inception-v3, as in the paper; one run learns all findings.

    Args:
        profile: of the table.
        uncertain: what uncertain labels are in training; the paper does not say it, ``ignore`` is *assumed*.
    """
    shown = [one for one in networks(profile) if one.label != "Inception-v3"]
    pathologies = PATHOLOGIES[3:] if profile == "smoke" else PATHOLOGIES
    return Table(
        title="Random and transferred weights on five pathologies of chest x-rays",
        question="For which pathologies and networks do transferred weights score higher?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=tuple(
            one.column(
                f"{one.label}, {name}", f'chexpert(uncertain="{uncertain}")', chest(profile), f"score:auroc:{name}"
            )
            for one in shown
            for name in pathologies
        ),
        reference=RANDOM,
        **shared(profile),
    )
