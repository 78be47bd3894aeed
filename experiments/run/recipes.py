"""Recipes by name: those of studies, and those in the files of self-supervised methods."""

from __future__ import annotations

from lightning_modules.self_supervision.method import Method
from specs.errors import UsageError, unknown
from specs.expression import parse
from specs.recipe import Recipe
from specs.registry import METHODS, RECIPES
from specs.run import Edition

PUBLISHED, PHANTOM = "ssl", "phantom_ssl"
"""The first parts of the names of each method's recipe as published, and of its recipe for phantom editions."""


def recipe_named(name: str) -> Recipe:
    """The recipe ``STUDY/NAME``, ``ssl/METHOD`` or ``phantom_ssl/METHOD``.

    Raises:
        UsageError: if there is no such recipe; it lists similar names.
    """
    study, _, part = name.partition("/")
    # For the recipe of one method, no other method is loaded, since plugins of others may be broken.
    own = study in (PUBLISHED, PHANTOM) and part in METHODS.entries
    found = _of_method(part, study) if own else recipes_of(study).get(part)
    if found is None:
        raise unknown("recipe", name, recipe_names())
    return found


def recipes_of(study: str) -> dict[str, Recipe]:
    """All recipes whose names begin with ``study``, by the second part of their names; empty if there are none."""
    if study in (PUBLISHED, PHANTOM):
        return {name: recipe for name in METHODS.entries if (recipe := _of_method(name, study)) is not None}
    return RECIPES.get(study)() if study in RECIPES.entries else {}


def _of_method(name: str, study: str) -> Recipe | None:
    """The recipe that a method's own file has for a study; None if it has none."""
    method: Method = METHODS.build(name)
    return method.published if study == PUBLISHED else method.phantom


def recipe_names() -> list[str]:
    """The names of all recipes, as ``STUDY/NAME``."""
    studies = sorted([*RECIPES.entries, PUBLISHED, PHANTOM])
    return [f"{study}/{name}" for study in studies for name in recipes_of(study)]


def recipe_of_method(method: str, recipe: str | None, edition: Edition) -> Recipe:
    """The recipe of a self-supervised pretraining: the named one, or the method's own.

    Args:
        method: the name under which the method is registered.
        recipe: the name of the recipe, ``STUDY/NAME``; None takes the method's own recipe for the edition.
        edition: the edition of the dataset, since methods have other recipes for phantom editions.

    Raises:
        UsageError: if the named recipe is of another method, or there is no such recipe.
    """
    found = recipe_named(recipe or f"{PHANTOM if edition == 'phantom' else PUBLISHED}/{method}")
    if found.method is None or parse(found.method).name != method:
        raise UsageError(f"the recipe {recipe} is of {found.method or 'no method'}, and {method} is asked for.")
    return found
