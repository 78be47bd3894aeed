"""What the tables of all planted worlds have in common."""

from __future__ import annotations

from dataclasses import replace

from experiments.tables.planted import Planted
from experiments.tables.table import Column, Row, Table, control
from specs.errors import UsageError
from specs.recipe import Recipe

RANDOM = Row("Random", "random")
AGAIN = control(RANDOM)
"""The reference row once more with other seeds: tests that find a difference between the two are wrong."""

SOURCE = "Source"
SCALED = "Mean Var of the source"
"""The labels of the rows that start from the source's weights, and from their scale alone."""

SEEDS = 10
"""How much higher the first seed of each row is from one drawing of a world to the next.

With the same seeds in each drawing, the two random rows would have the same starts again and again, and one pair that
differs by chance would count in every drawing.
"""

LEVEL = 0.005
"""The significance level of the tests, instead of 5 %.

In each drawing of a world the two random rows are compared. At 5 % one drawing in twenty would find a difference
between them by chance alone, at 0.5 % one in 200.
"""


def target_of(world: str) -> str:
    """The label of the one column of a world's table, its target."""
    return f"Drawn target ({world})"


def part(world: str, name: str, draw: int) -> str:
    """The dataset expression of one part of a world, such as its source or its target.

    Raises:
        UsageError: if the drawing has a negative number.
    """
    if draw < 0:
        raise UsageError(f"demo_{world}: a drawing is numbered from 0, found draw={draw}.")
    return f'planted("{world}", "{name}", draw={draw})'


def trained_on(dataset: str) -> str:
    """The expression of the initializer that is pretrained on the labels of a dataset."""
    return f"supervised('{dataset}')"


def in_turn(first: str, second: str) -> str:
    """The expression of the initializer that is pretrained on one dataset's labels, and then on another's."""
    quoted = second.replace('"', '\\"')
    return f'continual({trained_on(first)}, on="{quoted}")'


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
    """A table with one column, the target of a planted world, whose rows are tested against the random row.

    Args:
        world: the name of the world, which is an argument of the dataset ``planted``.
        draw: the number of the drawing of the world, from 0; the runs of each drawing have seeds of their own.
        title: the title of the table, in one line.
        question: the question that the table answers.
        planted: what is true of the rows by construction.
        rows: the rows beside the two random ones, which every such table has.
        recipe: the recipe of the fine-tuning on the target.
        pretraining: the recipe of the pretraining on the sources.
        seeds: the number of runs of each row.
        backbone: the expression of the backbone of all rows that name none.
        threshold: the validation score in [0, 1] until which steps are counted; None: no steps are counted.
    """
    return Table(
        title=title if draw == 0 else f"{title}, drawing {draw}",
        question=question,
        edition="phantom",
        protocol="small",
        weights="trained here",
        backbone=backbone,
        rows=tuple(replace(row, first_seed=row.first_seed + SEEDS * draw) for row in (RANDOM, AGAIN, *rows)),
        columns=(Column(target_of(world), part(world, "target", draw), recipe),),
        reference=RANDOM.label,
        pretraining=pretraining,
        seeds=seeds,
        threshold=threshold,
        level=LEVEL,
        planted=planted,
    )
