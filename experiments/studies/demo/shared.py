"""What the tables of all planted worlds have in common."""

from __future__ import annotations

from dataclasses import replace

from experiments.tables.planted import Planted
from experiments.tables.table import Column, Row, Table, control
from specs.recipe import Recipe

RANDOM = Row("Random", "random")
AGAIN = control(RANDOM)
"""The reference once more: an instrument that finds a difference between the two is wrong."""

SEEDS = 10
"""By which the first seed of each row is higher from one draw to the next. With the same seeds in each, the two random
rows would have the same starts again and again, and one pair that differs by chance would count in every draw."""

LEVEL = 0.005
"""Of the tests, instead of 5 %. In each drawing of a world the two random rows are compared, and at 5 % one drawing in
twenty would find a difference between them by chance alone, at 0.5 % one in 200."""


def part(world: str, name: str, draw: int) -> str:
    """The dataset expression of a part of a world."""
    return f'planted("{world}", "{name}", draw={draw})'


def trained_on(dataset: str) -> str:
    """The initializer that learns a part's labels."""
    return f"supervised('{dataset}')"


# Long: a table has many settings.
def world_table(
    world: str,
    draw: int,
    *,
    title: str,
    question: str,
    planted: Planted,
    rows: tuple[Row, ...],
    recipe: Recipe,
    pretraining: Recipe,
    seeds: int,
    backbone: str = "tiny(width=4)",
    threshold: float | None = None,
) -> Table:
    """A table of one planted target, against the random row.

    Args:
        world: the world's name.
        draw: which drawing of it; each has seeds of its own.
        title: one line.
        question: what the table answers.
        planted: what is true.
        rows: beside the two random ones.
        recipe: of the fine-tuning.
        pretraining: of the sources.
        seeds: runs of each row.
        backbone: of all rows that name none.
        threshold: a validation score in [0, 1] whose steps are counted.
    """
    return Table(
        title=title if draw == 0 else f"{title}, drawing {draw}",
        question=question,
        edition="phantom",
        protocol="small",
        weights="trained here",
        backbone=backbone,
        rows=tuple(replace(row, first_seed=row.first_seed + SEEDS * draw) for row in (RANDOM, AGAIN, *rows)),
        columns=(Column(f"Drawn target ({world})", part(world, "target", draw), recipe),),
        reference=RANDOM.label,
        pretraining=pretraining,
        seeds=seeds,
        threshold=threshold,
        level=LEVEL,
        planted=planted,
    )
