"""Registries: which datasets, initializers, backbones, recipes and tables there are.

A file is an entry when it defines a function or class that has the file's name, case and underscores aside:
``mean_var.py`` with ``class MeanVar``. Its description is the first line of the file's docstring. Listing
reads the files with ``ast`` and imports nothing; only the entry that is asked for is imported.
Other distributions add entries through entry points, in the groups named below.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from specs.errors import UsageError, unknown
from specs.expression import Call, parse
from specs.signature import bind


@dataclass(frozen=True)
class Entry:
    """One registered name: where its object is, and the line that describes it."""

    name: str
    description: str
    module: str
    attribute: str
    distribution: str


class Registry:
    """The entries of one package of this distribution and of one entry-point group.

    Args:
        noun: what an entry is called in messages, such as ``dataset``.
        package: the import package whose files are entries.
        group: the entry-point group for other distributions.
    """

    def __init__(self, noun: str, package: str, group: str) -> None:
        self.noun, self.package, self.group = noun, package, group

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All entries by name, in alphabetical order.

        Raises:
            UsageError: if two of them have the same name.
        """
        found: dict[str, Entry] = {}
        for entry in [*self._own(), *self._plugins()]:
            if entry.name in found:
                other = found[entry.name]
                raise UsageError(
                    f'the {self.noun} "{entry.name}" is defined twice: by {other.module} ({other.distribution}) and by '
                    f"{entry.module} ({entry.distribution}). Rename one of them or uninstall its distribution."
                )
            found[entry.name] = entry
        return dict(sorted(found.items()))

    def _own(self) -> list[Entry]:
        spec = importlib.util.find_spec(self.package)
        folders = (spec.submodule_search_locations if spec else None) or []
        entries = []
        for folder in folders:
            for path in sorted(Path(folder).glob("*.py")):
                read = _entry_of(path)
                if read:
                    attribute, description = read
                    entries.append(
                        Entry(path.stem, description, f"{self.package}.{path.stem}", attribute, "medtransfer")
                    )
        return entries

    def _plugins(self) -> list[Entry]:
        entries = []
        for point in importlib.metadata.entry_points(group=self.group):
            distribution = point.dist.name if point.dist else "unknown"
            summary = (point.dist.metadata["Summary"] if point.dist else None) or point.value
            entries.append(Entry(point.name, summary, point.module, point.attr, distribution))
        return entries

    def get(self, name: str) -> Callable[..., Any]:
        """Import and return the object of an entry.

        Raises:
            UsageError: if there is no such entry, or a plugin's object cannot be imported.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise unknown(self.noun, name, self.entries)
        try:
            found: Callable[..., Any] = getattr(importlib.import_module(entry.module), entry.attribute)
        except (ImportError, AttributeError) as error:
            if entry.distribution == "medtransfer":
                raise
            raise UsageError(
                f'the {self.noun} "{name}" of the distribution {entry.distribution} cannot be imported from '
                f"{entry.module}:{entry.attribute} ({error}). Repair or uninstall that distribution."
            ) from error
        return found

    def bind(self, expression: Call | str) -> Call:
        """The one canonical form of an expression: every argument by name, defaults filled in.

        Raises:
            UsageError: if a name is unknown or an argument does not fit.
        """
        call = parse(expression) if isinstance(expression, str) else expression
        return bind(call, self.get(call.name), lambda kind, inner: REGISTRIES[kind].bind(inner))

    def short(self, expression: Call | str, without: Collection[str] = ()) -> Call:
        """The shortest form of an expression for readers: only the arguments that differ from their defaults.

        Args:
            expression: to shorten.
            without: arguments to leave out whatever their values.
        """
        call = self.bind(expression)
        signature = inspect.signature(self.get(call.name))
        kept = tuple(
            (name, value)
            for name, value in call.kwargs
            if name not in without and value != signature.parameters[name].default
        )
        return Call(call.name, (), kept)

    def build(self, expression: Call | str) -> Any:
        """Bind an expression and call its entry with the arguments."""
        call = self.bind(expression)
        return self.get(call.name)(**call.arguments())


def _entry_of(path: Path) -> tuple[str, str] | None:
    """The name of the file's entry object and the first line of its docstring, or None if it is no entry."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    wanted = path.stem.replace("_", "").lower()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.replace("_", "").lower() == wanted:
            return node.name, (ast.get_docstring(tree) or "").partition("\n")[0]
    return None


REGISTRIES = {
    registry.package: registry
    for registry in (
        Registry("backbone", "backbones", "medtransfer.backbones"),
        Registry("initializer", "initializers", "medtransfer.initializers"),
        Registry("dataset", "datamodules", "medtransfer.datamodules"),
        Registry("recipe", "experiments.recipes", "medtransfer.recipes"),
        Registry("pretraining method", "lightning_modules.pretraining", "medtransfer.methods"),
        Registry("table", "experiments.tables", "medtransfer.tables"),
        Registry("executor", "experiments.executors", "medtransfer.executors"),
    )
}
BACKBONES = REGISTRIES["backbones"]
INITIALIZERS = REGISTRIES["initializers"]
DATASETS = REGISTRIES["datamodules"]
RECIPES = REGISTRIES["experiments.recipes"]
METHODS = REGISTRIES["lightning_modules.pretraining"]
TABLES = REGISTRIES["experiments.tables"]
EXECUTORS = REGISTRIES["experiments.executors"]
