"""Finding the kinds of input: the modules of this folder that have a ``NAME`` and an ``attempt``."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import benchmarks.fuzzing


class Kind(NamedTuple):
    """A kind of input.

    Attributes:
        name: the name of the kind.
        attempt: a function that makes one input from a generator, in a folder of its own, and gives it to the product.
    """

    name: str
    attempt: Callable[[random.Random, Path], None]


def kinds() -> dict[str, Kind]:
    """All kinds by name."""
    by_name = {}
    for module in pkgutil.iter_modules(benchmarks.fuzzing.__path__):
        loaded = importlib.import_module(f"benchmarks.fuzzing.{module.name}")
        if hasattr(loaded, "NAME") and hasattr(loaded, "attempt"):
            by_name[loaded.NAME] = Kind(loaded.NAME, loaded.attempt)
    return dict(sorted(by_name.items()))
