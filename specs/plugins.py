"""What a run takes from other distributions: their versions, and a hash of their sources."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from specs.errors import UsageError
from specs.expression import Call, Value
from specs.registry import BACKBONES, DATASETS, DECODERS, INITIALIZERS, METHODS, OWN, Entry, Registry
from specs.run import RunSpec


@dataclass(frozen=True)
class Plugin:
    """A distribution that a run takes an entry from.

    Attributes:
        distribution: the name of the distribution, as its metadata have it.
        version: the version that is installed; ``unknown`` where its metadata do not say.
        sha256: a digest, in hexadecimal, of the names and bytes of all Python files in the import packages that hold
            the entries.
    """

    distribution: str
    version: str
    sha256: str


def plugins_of(spec: RunSpec) -> tuple[Plugin, ...]:
    """The plugins behind a run's dataset, backbone, initializer, method and decoder, by name; none for our own entries.

    Raises:
        UsageError: if the sources of one cannot be found.
    """
    entries: dict[str, set[str]] = {}
    for registry, call in _calls(spec):
        entry = registry.entries[call.name]
        if entry.distribution != OWN:
            entries.setdefault(entry.distribution, set()).add(_top(entry))
    return tuple(_plugin(name, tuple(sorted(packages))) for name, packages in sorted(entries.items()))


def plugin_of(registry: Registry, name: str) -> Plugin | None:
    """The plugin that an entry comes from; None for our own.

    Raises:
        UsageError: if its sources cannot be found.
    """
    entry = registry.entries[name]
    return None if entry.distribution == OWN else _plugin(entry.distribution, (_top(entry),))


def _calls(spec: RunSpec) -> Iterator[tuple[Registry, Call]]:
    """The registry and expression of every entry that a run uses, with those inside."""
    yield from ((DATASETS, one) for one in _datasets(spec.dataset))
    yield BACKBONES, spec.backbone
    if spec.recipe.method:
        yield METHODS, METHODS.bind(spec.recipe.method)
    if spec.recipe.decoder in DECODERS.entries:
        yield DECODERS, Call(spec.recipe.decoder)
    yield from _initializers(spec.initializer)


def _datasets(call: Call) -> Iterator[Call]:
    """A dataset, and the one inside it where it alters another one."""
    yield call
    for _, value in call.kwargs:
        if isinstance(value, Call):
            yield from _datasets(value)


def _initializers(value: Value) -> Iterator[tuple[Registry, Call]]:
    if isinstance(value, Call):
        if value.name in INITIALIZERS.entries:
            yield INITIALIZERS, value
        for _, inner in value.kwargs:
            yield from _initializers(inner)


def _top(entry: Entry) -> str:
    """The import package, or single module, that an entry's module belongs to."""
    return entry.module.partition(".")[0]


@cache
def _plugin(distribution: str, packages: tuple[str, ...]) -> Plugin:
    """The version and the digest of a plugin, read once in this process.

    The names and bytes of all Python files of its packages are hashed: an entry may take what it does from any of them.
    """
    total = hashlib.sha256()
    for package in packages:
        files = sorted(_sources(package, distribution))
        for name, path in files:
            total.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    return Plugin(distribution, version, total.hexdigest())


def _sources(package: str, distribution: str) -> list[tuple[str, Path]]:
    """The Python files of a package, by names that do not depend on where it lies."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        return [
            (path.relative_to(Path(folder).parent).as_posix(), path)
            for folder in spec.submodule_search_locations
            for path in Path(folder).rglob("*.py")
        ]
    if spec is not None and spec.origin and Path(spec.origin).is_file():
        return [(Path(spec.origin).name, Path(spec.origin))]
    raise UsageError(
        f"the sources of {package}, which the plugin {distribution} brings, cannot be found, so nobody could tell its "
        "runs from those of another state of it. Install it again."
    )
