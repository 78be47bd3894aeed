"""Transfusion, table 2: random and transferred weights on five pathologies of chest x-rays (Raghu et al. 2019)."""

from __future__ import annotations

from typing import Literal

from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import PATHOLOGIES, chest_recipe
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

SHOWN: dict[Profile, tuple[str, ...]] = {"phantom": PATHOLOGIES, "smoke": PATHOLOGIES[3:], "paper": PATHOLOGIES}


def table_2(
    profile: Profile = "phantom", uncertain: Literal["ignore", "zeros", "ones", "lsr_ones", "lsr_zeros"] = "ignore"
) -> Table:
    """Every network except Inception-v3, as in the paper, where one run is trained on all findings together.

    Args:
        profile: the profile of the table: ``phantom``, ``smoke`` or ``paper``.
        uncertain: how uncertain labels are treated in training; the paper does not say it, and ``ignore`` is *assumed*.
    """
    dataset, recipe = f'chexpert(uncertain="{uncertain}")', chest_recipe(profile)
    return Table(
        title="Random and transferred weights on five pathologies of chest x-rays",
        question="For which pathologies and networks do transferred weights score higher?",
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=tuple(
            one.column(f"{one.label}, {name}", dataset, recipe, score=f"auroc:{name}")
            for one in networks(profile, without="Inception-v3")
            for name in SHOWN[profile]
        ),
        reference=RANDOM,
        **PROFILES[profile].shared(),
    )
