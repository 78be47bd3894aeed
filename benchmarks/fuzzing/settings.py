"""Settings of recipes as ``--set NAME=VALUE`` takes them, with all kinds of texts on either side of the sign."""

from __future__ import annotations

import dataclasses
import random
from functools import cache
from pathlib import Path

from benchmarks.fuzzing.expressions import written
from benchmarks.fuzzing.values import NUMBERS, ODD_TEXTS, damaged
from experiments.cli.commands.options import settings_of
from experiments.run.recipes import recipe_named
from experiments.session.single_run import changed
from specs.recipe import Recipe
from specs.recipe_parts import AUGMENTATIONS, OPTIMIZERS, SCHEDULES

NAME = "settings"

RECIPES = ("phantom/smoke", "phantom/segmentation", "ssl/moco_v2", "ssl/swav", "benchmark/classification")
SETTINGS = tuple(field.name for field in dataclasses.fields(Recipe))
VOCABULARIES = {
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "augmentation": tuple(AUGMENTATIONS),
    "views": ("views", *AUGMENTATIONS),
}
"""The names of parts, by the settings that take them."""

FIELDS = tuple(sorted({field.name for parts in (OPTIMIZERS, SCHEDULES, AUGMENTATIONS) for part in parts.values()
                for field in dataclasses.fields(part)}))  # fmt: skip
"""The arguments of all parts."""

CHOICES = ("loss", "metric", "last", "head", "all", "bce", "source", "nearest", "flip", "ten_crop", "bf16", "sync")


def attempt(generator: random.Random, folder: Path) -> None:
    """Change one to three settings of a recipe.

    Raises:
        MedtransferError: if one does not exist, or does not take the value, which is the right answer.
    """
    texts = []
    for _ in range(generator.choice((1, 1, 1, 2))):
        setting = generator.choice(SETTINGS)
        name = setting if generator.random() < 0.95 else damaged(setting, generator)
        texts.append(f"{name}={_value(setting, generator)}")
    recipe = changed(_recipe(generator.choice(RECIPES)), settings_of(texts))
    Recipe.from_json(recipe.to_json())


@cache
def _recipe(name: str) -> Recipe:
    return recipe_named(name)


def _value(setting: str, generator: random.Random) -> str:
    """A value as text, mostly of the kind that the setting takes."""
    kind = generator.randrange(10)
    if kind == 0:
        return generator.choice(ODD_TEXTS)
    parts = VOCABULARIES.get(setting) if kind < 8 else tuple(name for names in VOCABULARIES.values() for name in names)
    if parts is None:
        values = ("None", *map(str, NUMBERS[:15]), *CHOICES)
        return damaged(generator.choice(values), generator) if kind == 7 else generator.choice(values)
    several = setting in ("augmentation", "views")
    text = ", ".join(written(generator, parts, 1, FIELDS) for _ in range(generator.randint(1, 3) if several else 1))
    return damaged(text, generator) if kind == 7 else text
