"""List what there is: datasets, initializers, backbones, methods, measures, recipes, tables, executors, a line on each.

Datasets say whether their files are in the data folder, initializers whether their weights are in the weight store or
need a run first.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_places, places
from experiments.run.places import Places
from experiments.run.recipes import PHANTOM, PUBLISHED, recipes_of
from initializers.publishing.catalogue import published_as
from initializers.publishing.publishing import Published
from initializers.publishing.store import WeightStore
from specs.errors import MedtransferError, UsageError
from specs.expression import Call
from specs.registry import DATASETS, INITIALIZERS, KINDS, METHODS, OWN, RECIPES

if TYPE_CHECKING:
    from lightning_modules.self_supervision.method import Method

NAME = "list"
HELP = "list datasets, initializers, backbones, methods, measures, recipes, tables and executors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", nargs="?", choices=KINDS, help="only this kind")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Print the lists."""
    where = places(options)
    found = {kind: _entries(kind, where) for kind in KINDS if options.kind in (None, kind)}
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    for kind, entries in found.items():
        width = max((len(entry["name"]) for entry in entries), default=0)
        print(f"{kind}:")
        for entry in entries:
            state = f" [{entry['state']}]" if entry["state"] else ""
            origin = f" (from {entry['distribution']})" if entry["distribution"] != OWN else ""
            print(f"  {entry['name']:{width}}  {entry['description']}{origin}{state}")
    return 0


def _entries(kind: str, where: Places) -> list[dict[str, Any]]:
    if kind == "recipes":
        return list(_recipes())
    entries = []
    for name, entry in KINDS[kind].entries.items():
        states = {"datasets": _dataset_state, "initializers": _initializer_state, "methods": _family}
        state = states[kind](name, where) if kind in states else ""
        shown = name.replace("_", "-") if kind == "tables" else name
        described = {"name": shown, "description": entry.description, "state": state}
        entries.append(described | {"distribution": entry.distribution})
    return entries


def _recipes() -> Iterator[dict[str, Any]]:
    """The recipes of studies, and those that self-supervised methods bring."""
    of_methods = {
        PUBLISHED: "as its authors trained it",
        PHANTOM: "for small drawn images",
    }
    for study in sorted([*RECIPES.entries, *of_methods]):
        for part in recipes_of(study):
            entry = METHODS.entries[part] if study in of_methods else RECIPES.entries[study]
            described = f"{entry.description} [{of_methods[study]}]" if study in of_methods else entry.description
            yield {
                "name": f"{study}/{part}",
                "description": described,
                "state": "",
                "distribution": entry.distribution,
            }


def _family(name: str, where: Places) -> str:
    method: Method = METHODS.build(name)
    return method.family


def _initializer_state(name: str, where: Places) -> str:
    try:
        initializer = INITIALIZERS.build(name)
    except UsageError:
        return ""  # it takes arguments, which decide
    if isinstance(initializer, Published):
        return _published_state(name, initializer, WeightStore.current())
    return "weights come from a run that is done when first needed" if initializer.requires() else "needs no weights"


def _published_state(name: str, default: Published, store: WeightStore) -> str:
    """Which of a name's files are there."""
    files = [one.file for _, one in published_as(name)] or [default.file]
    found = sum(store.holds(file) for file in files)
    if found == len(files):
        return "weights found"
    return f"{found} of {len(files)} weight files found" if found else f"{default.file.name} is not in {store.folder}"


def _dataset_state(name: str, where: Places) -> str:
    try:
        dataset = DATASETS.build(name)
    except MedtransferError as error:
        return str(error)
    if dataset.generated:
        return "made by a formula"
    root = where.root(Call(name), "real")
    if not root.is_dir():
        return f"no files in {root}; phantom edition available"
    return f"found in {root}" + (", prepared" if where.is_prepared(Call(name), "real") else "")
