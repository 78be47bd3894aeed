"""Whether every value of every recipe of a paper has a source, and every source states the value of its recipe.

python -m experiments.checks.sources    exits with 1 if not, and says what is missing

The sources of a paper are in ``sources.py`` beside ``recipes.py``; those of recipes that studies share, and of
self-supervised methods, are in the same file as the recipe or method.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from experiments.studies.published import PublishedStudy
from lightning_modules.self_supervision import sources as of_all_methods
from lightning_modules.self_supervision.method import Method
from specs.recipe import Recipe
from specs.recipe_rules import named_as_now
from specs.registry import METHODS, OWN, RECIPES, Entry
from specs.sources import AllOurs, Declaration, Difference, Source, leaves

NOWHERE: dict[str, Source] = {}


@dataclass(frozen=True)
class Sourced:
    """A recipe with the sources of its values.

    Attributes:
        name: the recipe's full name, ``STUDY/NAME``.
        recipe: the recipe as runs use it.
        declared: the sources of its values, or the statement that all values are this project's own.
        file: the file that states the sources, relative to the project's folder.
    """

    name: str
    recipe: Recipe
    declared: Declaration
    file: str


@dataclass(frozen=True)
class Publication:
    """Recipes whose sources are shown together, on one page of ``docs/fidelity/``.

    Attributes:
        name: the name of a paper's folder, of a file of shared recipes, or ``ssl`` for self-supervised methods.
        title: the title of the page.
        about: a text on all of the sources; may be empty.
        recipes: the recipes with their sources, including recipes whose values are all this project's own.
        differences: differences from the publication that no setting states, by the full name of the recipe; those
            under "" hold for all recipes.
        unknown: the full names of recipes that have sources and do not exist.
        study: what its own page in ``docs`` says, by ``study.py`` in a paper's folder; None: it has no such page.
    """

    name: str
    title: str
    about: str
    recipes: tuple[Sourced, ...]
    differences: Mapping[str, tuple[Difference, ...]]
    unknown: tuple[str, ...] = ()
    study: PublishedStudy | None = None


def publications() -> list[Publication]:
    """All publications of this distribution: papers and shared recipes by name, then the self-supervised methods."""
    studies = [_of_study(name, entry) for name, entry in RECIPES.entries.items() if entry.distribution == OWN]
    return [*studies, _of_methods()]


def written_out(recipe: Recipe) -> dict[str, Any]:
    """A recipe's JSON, in which a method has all its arguments and how residual branches start (``residual``)."""
    plain = named_as_now(recipe.to_json())
    if recipe.method is not None:
        call, method = METHODS.bind(recipe.method), METHODS.build(recipe.method)
        plain["method"] = {"name": call.name} | dict(call.kwargs) | {"residual": method.residual}
    return plain


def settings(recipe: Recipe) -> dict[str, Any]:
    """Every value of a recipe by its path, including defaults and a method's arguments (``method.NAME``)."""
    return leaves(written_out(recipe))


def problems(publication: Publication) -> Iterator[str]:
    """The faults in the sources of a publication's recipes, each as a sentence that also says what to do."""
    for name in publication.unknown:
        yield f"{name} has sources and is no recipe: remove them or mend the name"
    for one in publication.recipes:
        if not isinstance(one.declared, AllOurs):
            yield from _differing(one, one.declared)


def _differing(one: Sourced, declared: Mapping[str, Source]) -> Iterator[str]:
    """The faults of one recipe: values without a source, sources of other values, and sources of no setting."""
    found = settings(one.recipe)
    for path, value in found.items():
        source = declared.get(path)
        if source is None:
            yield (
                f"{one.name}: {path} = {value!r} has no source. Say in {one.file} where it is published, or that it "
                "is assumed, or ours and because of what"
            )
        elif not same(source.value, value):
            yield (
                f"{one.name}: {path} = {value!r}, and {one.file} vouches for {source.value!r} ({source.text}). Mend "
                "the recipe, or give the new value its own source"
            )
    for path in declared:
        if path not in found:
            yield f"{one.name}: {path} has a source in {one.file} and is no setting of the recipe. Remove it"


def same(first: Any, second: Any) -> bool:
    """Whether two values of JSON are equal, where True is not equal to 1."""
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second) and isinstance(first, bool) is isinstance(second, bool)


def _of_study(name: str, entry: Entry) -> Publication:
    """The recipes of a paper's folder or of one file of shared recipes."""
    paper, _, last = entry.module.rpartition(".")
    where = f"{paper}.sources" if last == "recipes" else entry.module
    file = where.replace(".", "/") + ".py"
    module = _module(where)
    declared: Any = getattr(module, "SOURCES", {})
    recipes: dict[str, Recipe] = RECIPES.get(name)()
    of = dict.fromkeys(recipes, declared) if isinstance(declared, AllOurs) else declared
    sourced = tuple(Sourced(f"{name}/{part}", one, of.get(part, NOWHERE), file) for part, one in recipes.items())
    return Publication(
        name,
        entry.description.rstrip("."),
        _about(module),
        sourced,
        {"": getattr(module, "DIFFERENCES", ())},
        tuple(f"{name}/{part}" for part in of if part not in recipes),
        getattr(_module(f"{paper}.study"), "STUDY", None),
    )


def _module(name: str) -> Any:
    """The module of that name, or None where there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
    return None


def _of_methods() -> Publication:
    """The published recipes of all self-supervised methods, as one publication."""
    sourced = []
    differences: dict[str, tuple[Difference, ...]] = {"": of_all_methods.DIFFERENCES}
    for name, entry in METHODS.entries.items():
        method: Method = METHODS.build(name)
        if entry.distribution == OWN and method.published is not None:
            file = entry.module.replace(".", "/") + ".py"
            sourced.append(Sourced(f"ssl/{name}", method.published, method.sources or NOWHERE, file))
            differences[f"ssl/{name}"] = method.differences
    title = "Self-supervised pretraining as published"
    return Publication("ssl", title, _about(of_all_methods), tuple(sourced), differences)


def _about(module: ModuleType | None) -> str:
    """A module's docstring without its first line."""
    return inspect.cleandoc((module and module.__doc__) or "").partition("\n")[2].strip()


def main() -> int:
    """Print the faults of all sources on standard error; returns 1 if there are any, else 0."""
    found = [line for publication in publications() for line in problems(publication)]
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print(f"{len(found)} values without a valid source; docs/extending.md says how to give one", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
