"""Every published checkpoint that is known here, one expression each."""

from __future__ import annotations

import dataclasses
import itertools
import typing
from collections.abc import Iterator
from typing import Literal

from initializers.publishing.publishing import Published
from specs.registry import INITIALIZERS


def published() -> Iterator[tuple[str, Published]]:
    """Expression and initializer of every published checkpoint, with every choice of its arguments."""
    for name in sorted(INITIALIZERS.entries):
        cls = INITIALIZERS.get(name)
        if not (isinstance(cls, type) and issubclass(cls, Published)):
            continue
        hints = typing.get_type_hints(cls)
        fields = [field.name for field in dataclasses.fields(cls)]
        choices = [
            typing.get_args(hints[field]) if typing.get_origin(hints[field]) is Literal else () for field in fields
        ]
        for values in itertools.product(*choices):
            built = cls(**dict(zip(fields, values, strict=True)))
            yield str(INITIALIZERS.short(str(built))), built
