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
"""The labels of the two rows that most tables of the study have."""


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
        profile: the profile of the table.
        shown: the networks that have a column, in order.
        title: the title of the table; empty where the table is not printed and a study analyzes its runs.
        question: the question that the table answers.
        columns: the columns of the table; empty: one for each network, on fundus photographs.
        seeds: the number of runs per cell; None: as many as the profile says.
        figure: how the table is drawn; None: it is not drawn.
        directions: the words for a higher and for a lower number, such as ``better`` and ``worse``.
        costs: whether the table says what each network costs in parameters, multiply-adds and seconds.
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
    """A table of random and transferred weights with a column for each stage of each network.

    Args:
        profile: the profile of the table.
        shown: the networks, each of which has a panel in the drawing.
        measure: the name of the measure whose number for a stage the cells hold, such as ``similarity``.
        title: the title of the table, in one line.
        question: the question that the table answers.
        directions: the words for a higher and for a lower number, such as ``more similar`` and ``less similar``.
        seeds: the number of runs per cell; None: as many as the profile says.
        on_chest: whether the networks are trained on chest x-rays instead of fundus photographs.
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
