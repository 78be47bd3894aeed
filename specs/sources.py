"""Where the values of a recipe come from: each is published, *assumed*, or *ours, because* of a reason.

Sources stand as data beside a recipe, repeat its values and are compared with it. They are no part of it: no run spec,
no identity and no key holds them, so a source can be mended without changing any run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from specs.recipe_rules import named_as_now

Kind = Literal["published", "assumed", "ours"]

Settings = Mapping[str, Any]
"""Values by setting, as in a recipe's JSON: nested, or with the path as the name, such as ``optimizer.momentum``."""


@dataclass(frozen=True)
class Source:
    """What vouches for one value.

    Attributes:
        kind: the kind of source: ``published``, ``assumed`` or ``ours``.
        value: the value that it vouches for, as the recipe's JSON has it.
        text: where a published value is found (paper and section, or repository and file); for the other kinds, the
            reason for the value.
        published: what the publication has in place of a value that is ours, in words; empty for the other kinds.
    """

    kind: Kind
    value: Any
    text: str
    published: str = ""

    def __post_init__(self) -> None:
        """Refuse a source without a text, or with ``published`` where there should be none.

        Raises:
            ValueError: if a text is empty, or what was published is said of a value that is not ours.
        """
        if not self.text or bool(self.published) != (self.kind == "ours"):
            raise ValueError(f"a source of the kind {self.kind} lacks a text, or has one too many: {self}")


Sources = Mapping[str, Source]
"""The sources of one recipe, by the path of the setting, such as ``augmentation.0.smallest``."""


@dataclass(frozen=True)
class AllOurs:
    """Says of a whole recipe, instead of sources, that all of its values are this project's own.

    Attributes:
        because: the reason why all values are this project's own.
    """

    because: str


Declaration = Sources | AllOurs


@dataclass(frozen=True)
class Difference:
    """A decision of this project that no recipe's setting shows, where a publication decides otherwise or says nothing.

    Attributes:
        subject: what is done differently, in a few words.
        published: what the publication does, and where that is said; or that it is not known.
        ours: what is done here.
        because: why it is done so here.
    """

    subject: str
    published: str
    ours: str
    because: str


def published(settings: Settings, where: str) -> dict[str, Source]:
    """Sources of values that are as published.

    Args:
        settings: the values by setting, as in a recipe's JSON.
        where: the paper and section, or repository and file, that states them.
    """
    return {path: Source("published", value, where) for path, value in leaves(named_as_now(settings)).items()}


def assumed(settings: Settings, because: str) -> dict[str, Source]:
    """Sources of values that the publication does not say.

    Args:
        settings: the values by setting, as in a recipe's JSON.
        because: why these values are assumed.
    """
    return {path: Source("assumed", value, because) for path, value in leaves(named_as_now(settings)).items()}


def ours(settings: Settings, published: str, because: str) -> dict[str, Source]:
    """Sources of values that are not the published ones.

    Args:
        settings: the values by setting, as in a recipe's JSON.
        published: what the publication has instead, in words.
        because: why it is done otherwise here.
    """
    return {path: Source("ours", value, because, published) for path, value in leaves(named_as_now(settings)).items()}


def together(*parts: Sources) -> dict[str, Source]:
    """The sources of several parts of a recipe as one mapping.

    Raises:
        ValueError: if two of them vouch for the same setting.
    """
    found: dict[str, Source] = {}
    for part in parts:
        if twice := sorted(found.keys() & part.keys()):
            raise ValueError(f"two sources vouch for {', '.join(twice)}: keep one of them")
        found |= part
    return found


def without(sources: Sources, *settings: str) -> dict[str, Source]:
    """The sources without those of some settings and of the settings nested in these."""
    return {
        path: source
        for path, source in sources.items()
        if not any(path == setting or path.startswith(f"{setting}.") for setting in settings)
    }


def taken_over(sources: Sources, because: str) -> dict[str, Source]:
    """Sources for a recipe that takes over the values of another one: those that are published there become *assumed*.

    Args:
        sources: the sources of the recipe that the values are taken from.
        because: why the values are taken over.
    """
    return {
        path: Source("assumed", source.value, because) if source.kind == "published" else source
        for path, source in sources.items()
    }


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """The innermost values of JSON by path; a list is one value unless there are settings inside.

    >>> leaves({"schedule": {"name": "multi_step", "milestones": [30, 60]}, "augmentation": [{"name": "rotate"}]})
    {'schedule.name': 'multi_step', 'schedule.milestones': [30, 60], 'augmentation.0.name': 'rotate'}
    """
    if isinstance(value, Mapping):
        inside = value.items()
    elif isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
        inside = {str(number): one for number, one in enumerate(value)}.items()
    else:
        return {path: list(value) if isinstance(value, tuple) else value}
    return {
        inner: leaf for name, one in inside for inner, leaf in leaves(one, f"{path}.{name}" if path else name).items()
    }


NUMERICS = assumed(
    {"memory_format": "contiguous", "compiled": False, "deterministic": False},
    "torch's defaults: others change speed and the last digits",
)
"""Sources of the settings that decide in which order numbers are computed, where the publication names none of them."""

THREADS = ours(
    {"threads": 1},
    published="trained on accelerators, where it has no effect",
    because="runs share the cores of a CPU, and the order of summation is a part of the result",
)
