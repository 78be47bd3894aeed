"""The image sizes of rows whose networks take images of one size only, such as most transformers."""

from __future__ import annotations

import dataclasses

from experiments.tables.table import Row, Table
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import BACKBONES


def at_own_size(row: Row, backbone: str | None, recipe: Recipe) -> Row:
    """The row with its network's image size, if that takes no other and the recipe's is another one.

    Args:
        row: the row of a comparison.
        backbone: the expression of the network of rows that name none; None is a network that takes any size.
        recipe: the recipe of the comparison.
    """
    named = row.backbone or backbone
    size = None if named is None else only_size(BACKBONES.bind(named))
    return row if size in (None, recipe.image_size) else dataclasses.replace(row, image_size=size)


def size_remarks(table: Table) -> tuple[tuple[str, str], ...]:
    """A remark on each row whose images are brought to another size than those of the other rows."""
    return tuple(
        (row.label, f"its network takes images of {row.image_size} pixels only, so it is given images of that size")
        for row in table.rows
        if row.image_size is not None
    )


def only_size(backbone: Call) -> int | None:
    """The height and width in pixels of the only images that a network takes; None if it takes several sizes.

    Args:
        backbone: the bound expression of the network.
    """
    from backbones.networks.skeletons import skeleton

    return skeleton(backbone).image_size
