"""The expression of a dataset that has been made, as a user types it."""

from __future__ import annotations

import dataclasses
from typing import Any

from specs.expression import Call
from specs.registry import DATASETS


def expression_of(dataset: Any) -> str:
    """The shortest expression that makes a dataset; the name of its class where no registry has that class."""
    kind = type(dataset)
    for entry in DATASETS.entries.values():
        if (entry.module, entry.attribute) == (kind.__module__, kind.__name__):
            given = {field.name: getattr(dataset, field.name) for field in dataclasses.fields(dataset)}
            return str(DATASETS.short(Call(entry.name, (), tuple(given.items()))))
    return kind.__name__
