"""Suggestions for the arguments of `file` that would load a checkpoint into a backbone, found by trying them out.

Every way is tried with the code that loads checkpoints, on tensors that are already read; no backbone is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.formats.checkpoints import Container, entry_in, has_tensors, tensors_in
from initializers.formats.spellings import SPELLINGS, beginnings, spelled, without_heads
from initializers.loading.external_checkpoint import weights_in
from initializers.loading.loading import COUNTER, misfits
from specs.errors import WeightsError

MOST_ENTRIES, DEEPEST = 40, 4
"""The largest number of entries that are tried, and how deeply they may be nested."""

MOST_PREFIXES = 12
"""The largest number of prefixes that are tried in an entry; each network in it has one."""

MOST_PARTS = 12
"""The largest number of parts of a name that a prefix may have."""


class Way(NamedTuple):
    """A set of arguments of ``file`` that loads a checkpoint; None or an empty tuple where one is not needed."""

    key: str | None
    prefix: str | None
    drop: tuple[str, ...]


def ways(container: Container, backbone: Backbone) -> list[Way]:
    """All ways to load a checkpoint that fit the whole backbone, those with the fewest arguments first.

    Args:
        container: the content of the checkpoint, from ``read_container``.
        backbone: the backbone to load into; its values do not matter.
    """
    ways_found: dict[tuple[int, str, str], Way] = {}
    for key in [None, *_entries(container.content)]:
        for identity, way in _ways_of(container, key, backbone):
            if identity not in ways_found and _fits(container, backbone, way):
                ways_found[identity] = way
    return sorted(ways_found.values(), key=lambda way: sum(map(bool, way)))


def _entries(content: Any) -> Iterator[str]:
    """The entries with tensors, each as the names that lead to it, joined by dots."""
    left: list[tuple[tuple[str, ...], Any]] = [((), content)]
    seen = set[int]()
    yielded = 0
    while left and yielded < MOST_ENTRIES:
        path, value = left.pop(0)
        if not isinstance(value, Mapping) or id(value) in seen or len(path) > DEEPEST:
            continue
        seen.add(id(value))
        if path and has_tensors(value):
            yielded += 1
            yield ".".join(path)
        left += [
            ((*path, name), inner)
            for name, inner in value.items()
            if isinstance(name, str) and isinstance(inner, Mapping)
        ]


def _ways_of(container: Container, key: str | None, backbone: Backbone) -> Iterator[tuple[tuple[int, str, str], Way]]:
    """The ways that an entry's names suggest, the simplest first, each with what identifies its set of tensors."""
    wanted = backbone.weights()
    try:
        entry, _ = entry_in(container, key)
        tensors, _ = tensors_in(container, key)
    except WeightsError:
        return
    for prefix in [None, *_prefixes(tensors, wanted)]:
        try:
            renamed = spelled(tensors, wanted, prefix)
        except WeightsError:
            continue
        kept, _ = without_heads(renamed.tensors, wanted, ())
        unexpected = [name for name in kept if name not in wanted]
        drop = beginnings(unexpected, wanted) if unexpected else ()
        if drop is not None:
            yield (id(entry), renamed.prefix, renamed.spelling.title), Way(key, prefix, drop)


def _prefixes(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """The prefixes with which both the backbone's first and its last name occur, in any spelling."""
    named = [name for name in wanted if not name.endswith(COUNTER)]
    ends = named[0], named[-1]
    candidates: tuple[dict[str, None], dict[str, None]] = ({}, {})
    for name in tensors:
        parts = name.split(".", MOST_PARTS)
        for count in range(1, len(parts)):
            rest = ".".join(parts[count:])
            respelled = {way.respell(rest) for way in SPELLINGS}
            for starts, end in zip(candidates, ends, strict=True):
                if end in respelled:
                    starts.setdefault(name.removesuffix(rest), None)
    return [start for start in candidates[0] if start in candidates[1]][:MOST_PREFIXES]


def _fits(container: Container, backbone: Backbone, way: Way) -> bool:
    try:
        weights = weights_in(container, backbone, way.key, way.prefix, way.drop, None)
    except WeightsError:
        return False
    return not any(misfits(weights, backbone.weights()).values())
