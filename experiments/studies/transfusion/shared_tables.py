"""Two tables that several files of the study fill: random against transferred weights, by network and by stage."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.studies.transfusion.networks import Network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.tasks import CHEST, RETINA, chest_recipe, retina_recipe
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Column, Row, Table

RANDOM, TRANSFER = "random", "transfer"
"""Labels of the two rows that most tables have."""


def random_and_transfer(
    profile: Profile,
    shown: Sequence[Network],
    *,
    title: str = "",
    question: str = "",
    columns: tuple[Column, ...] = (),
    seeds: int | None = None,
    figure: Figure | None = None,
    directions: tuple[str, str] = ("better", "worse"),
    costs: bool = False,
) -> Table:
    """A table of two rows, random and transferred weights, with a column for each network on fundus photographs.

    Args:
        profile: of the table.
        shown: the networks.
        title: of the table; none: it is not printed, and a study looks at its runs.
        question: that it answers.
        columns: instead of those.
        seeds: runs per cell, instead of the profile's.
        figure: how it is drawn.
        directions: what a higher and a lower number are called.
        costs: whether what the networks cost is told.
    """
    shared = PROFILES[profile].shared()
    recipe = retina_recipe(profile)
    return Table(
        title=title,
        question=question,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=columns or tuple(one.column(one.label, RETINA, recipe) for one in shown),
        reference=RANDOM,
        figure=figure,
        directions=directions,
        costs=costs,
        **shared | {"seeds": seeds or shared["seeds"]},
    )


def along_stages(
    profile: Profile,
    shown: Sequence[Network],
    measure: str,
    *,
    title: str,
    question: str,
    directions: tuple[str, str],
    seeds: int | None = None,
    on_chest: bool = False,
) -> Table:
    """A table of the same two rows with a column for each stage of each network, which holds a measure of the stage.

    Args:
        profile: of the table.
        shown: the networks; each is a panel of the drawing.
        measure: its name.
        title: of the table.
        question: that it answers.
        directions: what a higher and a lower number are called.
        seeds: runs per cell, instead of the profile's.
        on_chest: whether chest x-rays are learned, and not fundus photographs.
    """
    dataset, recipe = (CHEST, chest_recipe(profile)) if on_chest else (RETINA, retina_recipe(profile))
    groups = tuple((one.label, tuple(f"{one.label} {stage}" for stage in one.stages)) for one in shown)
    return random_and_transfer(
        profile,
        shown,
        title=title,
        question=question,
        columns=tuple(
            one.column(f"{one.label} {stage}", dataset, recipe, f"{measure}:{stage}")
            for one in shown
            for stage in one.stages
        ),
        seeds=seeds,
        figure=Figure(groups=groups, along=True),
        directions=directions,
    )
