"""Registries: which entries there are of each kind: datasets, initializers, backbones, decoders, methods and others.

A file is an entry when it defines a function or class that has the file's name, case and underscores aside:
``mean_var.py`` with ``class MeanVar``. Its description is the first line of the file's docstring. Listing
reads the files' texts and imports nothing; only the entry that is asked for is imported.
Other distributions add entries through entry points, in the groups named below.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from specs.errors import MedtransferError, UsageError, unknown
from specs.expression import Call, parse
from specs.installed import entry_points
from specs.outline import definition, first_line
from specs.quoting import EXPRESSION, shown
from specs.signature import bind

OWN = "medtransfer"
"""The distribution of the entries that are files of this project."""

TABLE_KINDS = ("Table", "DatasetTable", "RunAnalysis")
"""The return annotations by which a function in a study's folder is a table; other functions there are shared code."""


@dataclass(frozen=True)
class Entry:
    """One registered name: where its object is, and the line that describes it."""

    name: str
    description: str
    module: str
    attribute: str
    distribution: str

    def file(self) -> Path | None:
        """The path of the file that defines the entry, found without importing it; None if there is none."""
        try:
            spec = importlib.util.find_spec(self.module)
        except ImportError:  # a package that should hold it is not there
            return None
        return Path(spec.origin) if spec and spec.origin else None


Finder = Callable[[Path, str], Iterator[Entry]]
"""Finds the entries in a package's folder; the text is the package's name."""


class Registry:
    """The entries of one package of this distribution and of one entry-point group.

    Args:
        noun: what an entry is called in messages, such as ``dataset``.
        package: the import package whose files are entries.
        group: the entry-point group for other distributions.
        find: the function that says which files of the package are entries, and what they are called; None: every file
            that defines an object of the file's name is one.
    """

    def __init__(self, noun: str, package: str, group: str, find: Finder | None = None) -> None:
        self.noun, self.package, self.group = noun, package, group
        self._find = find or entries_of_folder

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

    def _own(self) -> Iterator[Entry]:
        spec = importlib.util.find_spec(self.package)
        for folder in (spec.submodule_search_locations if spec else None) or []:
            yield from self._find(Path(folder), self.package)

    def _plugins(self) -> Iterator[Entry]:
        for point in entry_points(self.group):
            try:
                distribution = (point.dist.name if point.dist else None) or "unknown"
                summary = (point.dist.metadata["Summary"] if point.dist else None) or point.value
                module, attribute = point.module, point.attr
            except (AttributeError, KeyError, ValueError, OSError) as error:  # the text is no entry point
                raise UsageError(
                    f"the entry point {point.name} = {point.value} of the group {self.group} cannot be read. Repair or "
                    "uninstall the distribution that has it."
                ) from error
            yield Entry(point.name, summary, module, attribute, distribution)

    def get(self, name: str) -> Callable[..., Any]:
        """Import and return the object of an entry.

        Raises:
            UsageError: if there is no such entry, or a plugin's object cannot be imported.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise unknown(self.noun, name, self.entries)
        with self._blaming(name, f"cannot be imported from {entry.module}:{entry.attribute}"):
            found: Callable[..., Any] = getattr(importlib.import_module(entry.module), entry.attribute)
        return found

    @contextmanager
    def _blaming(self, name: str, what: str) -> Iterator[None]:
        """Turn an error of a plugin's code in this block into one that names the plugin's distribution.

        Args:
            name: the name of the entry whose code runs in the block.
            what: what is the matter with the entry, as the end of a sentence, such as ``cannot be imported``.

        Raises:
            UsageError: in place of any error but a ``MedtransferError``; errors of this project's own
                entries pass through.
        """
        entry = self.entries.get(name)
        try:
            yield
        except MedtransferError:
            raise
        except (Exception, SystemExit) as error:  # a module that calls sys.exit would end the command
            if entry is None or entry.distribution == OWN:
                raise
            raise UsageError(
                f'the {self.noun} "{name}" of the distribution {entry.distribution} {what} '
                f"({type(error).__name__}: {error}). Repair or uninstall that distribution."
            ) from error

    def bind(self, expression: Call | str) -> Call:
        """The one canonical form of an expression: every argument by name, defaults filled in.

        Raises:
            UsageError: if a name is unknown or an argument does not fit.
        """
        call = parse(expression) if isinstance(expression, str) else expression
        target = self.get(call.name)
        with self._blaming(call.name, "has a signature that cannot be read"):
            return bind(call, target, lambda kind, inner: REGISTRIES[kind].bind(inner))

    def short(self, expression: Call | str, without: Collection[str] = ()) -> Call:
        """The shortest form of an expression for readers: only the arguments that differ from their defaults.

        Args:
            expression: the expression that is shortened, as text or as a call.
            without: the names of arguments to leave out, whatever their values.
        """
        call = self.bind(expression)
        parameters = inspect.signature(self.get(call.name)).parameters

        def default(name: str) -> Any:
            if not isinstance(parameters[name].default, Call):
                return parameters[name].default
            others = tuple(item for item in call.kwargs if item[0] != name)
            return self.bind(Call(call.name, (), others)).arguments()[name]  # with defaults inside it filled in

        kept = tuple((name, value) for name, value in call.kwargs if name not in without and value != default(name))
        return Call(call.name, (), kept)

    def build(self, expression: Call | str) -> Any:
        """Bind an expression and call its entry with the arguments."""
        call = self.bind(expression)
        with self._blaming(call.name, f"cannot be made as {shown(str(call), EXPRESSION)}"):
            return self.get(call.name)(**call.arguments())


def entries_of_folder(folder: Path, package: str) -> Iterator[Entry]:
    """Every file of a folder that defines an object of the file's name."""
    for path in sorted(folder.glob("*.py")):
        if found := _object_of(path, path.stem):
            yield Entry(path.stem, found.description, f"{package}.{path.stem}", found.name, OWN)


def tables_of_studies(folder: Path, package: str) -> Iterator[Entry]:
    """The tables of the studies: a file at the top under its own name, ``PAPER/FILE.py`` as ``PAPER_FILE``."""
    for path in sorted([*folder.glob("*.py"), *folder.glob("*/*.py")]):
        found = _object_of(path, path.stem)
        if found is None or found.returns not in TABLE_KINDS:
            continue
        parts = path.relative_to(folder).with_suffix("").parts
        yield Entry("_".join(parts), found.description, ".".join((package, *parts)), found.name, OWN)


def recipes_of_studies(folder: Path, package: str) -> Iterator[Entry]:
    """The recipes of the studies: ``PAPER/recipes.py`` under the paper's name, shared ones under their file's name."""
    for path in sorted(folder.glob("*/recipes.py")):
        if found := _object_of(path, "recipes"):
            paper = path.parent.name
            yield Entry(paper, found.description, f"{package}.{paper}.recipes", found.name, OWN)
    yield from entries_of_folder(folder / "recipes", f"{package}.recipes")


def claims_of_studies(folder: Path, package: str) -> Iterator[Entry]:
    """The claims of the papers: ``PAPER/claims/FILE.py`` as ``PAPER_FILE``."""
    for path in sorted(folder.glob("*/claims/*.py")):
        if found := _object_of(path, path.stem):
            paper = path.parts[-3]
            yield Entry(
                f"{paper}_{path.stem}", found.description, f"{package}.{paper}.claims.{path.stem}", found.name, OWN
            )


@dataclass(frozen=True)
class _Found:
    """The entry object of a file: its name, what it returns if it says so, and the file's first line."""

    name: str
    returns: str
    description: str


def _object_of(path: Path, name: str) -> _Found | None:
    """The function or class of a name that a file defines, case and underscores aside; None if there is none."""
    text = path.read_text(encoding="utf-8")
    found = definition(text, name)
    return None if found is None else _Found(found.name, found.returns, first_line(text))


BACKBONES = Registry("backbone", "backbones", "medtransfer.backbones")
INITIALIZERS = Registry("initializer", "initializers", "medtransfer.initializers")
DATASETS = Registry("dataset", "datamodules", "medtransfer.datamodules")
DECODERS = Registry("decoder", "lightning_modules.decoders", "medtransfer.decoders")
METHODS = Registry("pretraining method", "lightning_modules.pretraining", "medtransfer.methods")
ADAPTATIONS = Registry("adaptation", "lightning_modules.adaptation", "medtransfer.adaptations")
MEASURES = Registry("measure", "experiments.measures", "medtransfer.measures")
BLOCKS = Registry("block", "experiments.reporting.blocks", "medtransfer.blocks")
RECIPES = Registry("recipe", "experiments.studies", "medtransfer.recipes", recipes_of_studies)
TABLES = Registry("table", "experiments.studies", "medtransfer.tables", tables_of_studies)
CLAIMS = Registry("claim", "experiments.studies", "medtransfer.claims", claims_of_studies)
EXECUTORS = Registry("executor", "experiments.execution.executors", "medtransfer.executors")

KINDS = {
    "datasets": DATASETS,
    "initializers": INITIALIZERS,
    "backbones": BACKBONES,
    "decoders": DECODERS,
    "methods": METHODS,
    "adaptations": ADAPTATIONS,
    "measures": MEASURES,
    "blocks": BLOCKS,
    "recipes": RECIPES,
    "tables": TABLES,
    "claims": CLAIMS,
    "executors": EXECUTORS,
}
"""All registries, by the plural word that users know their entries by."""

REGISTRIES = {registry.package: registry for registry in (BACKBONES, INITIALIZERS, DATASETS)}
"""The registries whose expressions may be arguments of other expressions, by the name of their package.

An argument names that package in its annotation, as in ``Annotated[Call, "initializers"]``.
"""
