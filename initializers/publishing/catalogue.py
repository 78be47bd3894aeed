"""The catalogue of all published checkpoints that are known, with an expression for each."""

from __future__ import annotations

import dataclasses
import itertools
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from initializers.publishing.publishing import Published
from specs.registry import INITIALIZERS


def published() -> Iterator[tuple[str, Published]]:
    """The expression and initializer of every published checkpoint, for every choice of the arguments.

    No file comes twice. Where an argument's default depends on the network, the expression without it comes first.
    """
    for name in sorted(INITIALIZERS.entries):
        yield from published_as(name)


def published_as(name: str) -> Iterator[tuple[str, Published]]:
    """The expressions and initializers of one name; none if it is no published checkpoint or its arguments are open."""
    cls = INITIALIZERS.get(name)
    if not (isinstance(cls, type) and issubclass(cls, Published)):
        return
    hints = typing.get_type_hints(cls)
    fields = [field.name for field in dataclasses.fields(cls)]
    files = set[str]()
    for values in itertools.product(*(_choices(hints[field]) for field in fields)):
        built = cls(**dict(zip(fields, values, strict=True)))
        if built.file.name not in files:
            files.add(built.file.name)
            yield str(INITIALIZERS.short(str(built))), built


def _choices(hint: Any) -> tuple[Any, ...]:
    """The values that an argument may have, None first; none if its type does not list them all."""
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    options = typing.get_args(hint) if union else (hint,)
    literals = [option for option in options if typing.get_origin(option) is Literal]
    none = (None,) if type(None) in options else ()
    return (*none, *(choice for option in literals for choice in typing.get_args(option))) if literals else ()
