"""List everything that can be named: datasets, initializers, backbones, decoders, methods, recipes and others.

For a single kind it says more: `list datasets` says whether their files are in the data folder and prepared, `list
initializers` whether their weights are in the weight store or need a run first, `list recipes` names every recipe.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_paths, paths_of
from specs.errors import MedtransferError, UsageError
from specs.expression import Call
from specs.registry import DATASETS, INITIALIZERS, KINDS, METHODS, OWN, RECIPES, Entry

if TYPE_CHECKING:
    from experiments.run.paths import Paths
    from initializers.publishing.publishing import Published
    from initializers.publishing.store import WeightStore
    from lightning_modules.self_supervision.method import Method

HELP = "list datasets, initializers, backbones, decoders, methods, measures, blocks, recipes, tables and executors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer list``."""
    parser.add_argument("kind", nargs="?", choices=KINDS, help="list only this kind, and say more of each entry")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Print the lists; returns the exit status."""
    found = {options.kind: _entries(options.kind, options)} if options.kind else _overview(options.data_root.absolute())
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
    if options.kind is None:
        print("\nName a single kind to see more of it, such as `medtransfer list datasets`.")
    return 0


def _overview(data: Path) -> dict[str, list[dict[str, Any]]]:
    """All entries of all kinds, read from the texts of their files without importing them; recipes by study."""
    found = {
        kind: [_described(_shown(kind, name), entry) for name, entry in registry.entries.items()]
        for kind, registry in KINDS.items()
    }
    for dataset in found["datasets"]:
        if (root := data / dataset["name"]).is_dir():
            dataset["state"] = f"files in {root}"
    for recipes in found["recipes"]:
        recipes["name"] += "/..."
    return found


def _shown(kind: str, name: str) -> str:
    return name.replace("_", "-") if kind == "tables" else name


def _described(name: str, entry: Entry, state: str = "") -> dict[str, Any]:
    return {"name": name, "description": entry.description, "state": state, "distribution": entry.distribution}


def _entries(kind: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The entries of one kind, with the state of each, such as whether its files are there."""
    if kind == "recipes":
        return list(_recipes())
    state: Callable[[str], str] = {"initializers": _initializer_state, "methods": _family}.get(kind, _nothing)
    if kind == "datasets":
        where = paths_of(options)

        def state(name: str) -> str:
            return _dataset_state(name, where)

    return [_described(_shown(kind, name), entry, state(name)) for name, entry in KINDS[kind].entries.items()]


def _nothing(name: str) -> str:
    """The state of an entry of a kind whose entries have none."""
    return ""


def _recipes() -> Iterator[dict[str, Any]]:
    """The recipes of studies and of self-supervised methods."""
    from experiments.run.recipes import PHANTOM, PUBLISHED, recipes_of

    of_methods = {
        PUBLISHED: "as its authors trained it",
        PHANTOM: "for small drawn images",
    }
    for study in sorted([*RECIPES.entries, *of_methods]):
        for part in recipes_of(study):
            entry = METHODS.entries[part] if study in of_methods else RECIPES.entries[study]
            described = f"{entry.description} [{of_methods[study]}]" if study in of_methods else entry.description
            yield _described(f"{study}/{part}", entry) | {"description": described}


def _family(name: str) -> str:
    method: Method = METHODS.build(name)
    return method.family


def _initializer_state(name: str) -> str:
    from initializers.publishing.publishing import Published
    from initializers.publishing.store import WeightStore

    try:
        initializer = INITIALIZERS.build(name)
    except UsageError:
        return ""  # it needs arguments, and these decide
    if isinstance(initializer, Published):
        return _published_state(name, initializer, WeightStore.current())
    return "weights come from a run that is done when first needed" if initializer.requires() else "needs no weights"


def _published_state(name: str, default: Published, store: WeightStore) -> str:
    """How many weight files of a published initializer are in the weight store, in words."""
    from initializers.publishing.catalogue import published_as

    files = [one.file for _, one in published_as(name)] or [default.file]
    found = sum(store.holds(file) for file in files)
    if found == len(files):
        return "weights found"
    return f"{found} of {len(files)} weight files found" if found else f"{default.file.name} is not in {store.folder}"


def _dataset_state(name: str, where: Paths) -> str:
    try:
        dataset = DATASETS.build(name)
    except MedtransferError as error:
        return str(error)
    if dataset.generated:
        return "made by a formula"
    root = where.root(Call(name), "real")
    if not root.is_dir():
        fetch = f"`{where.suggested('fetch', name)}` gets them; " if dataset.open_files else ""
        return f"no files in {root}; {fetch}phantom edition available"
    if dataset.open_files and any(root.glob("*.part")):
        return f"a part of it in {root}; `{where.suggested('fetch', name)}` goes on"
    return f"found in {root}" + (", prepared" if where.is_prepared(Call(name), "real") else "")
