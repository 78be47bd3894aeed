"""Spec files: a run spec as JSON, as ``medtransfer run ... --dry-run --json`` prints it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from specs.errors import UsageError
from specs.run import RunSpec

DEEPEST = 40
"""How many levels of lists and objects a spec file may nest; no spec has more than eight."""


def read_spec(path: Path) -> RunSpec:
    """Read the run spec in a JSON file in UTF-8; a byte order mark, which some editors write, is ignored.

    Raises:
        UsageError: names the file if it is not there, is not JSON as its standard has it (RFC 8259, so without NaN and
            infinities), or holds no spec.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_number, parse_float=_number)
    except FileNotFoundError:
        raise UsageError(f"there is no spec file {path}.") from None
    except RecursionError:
        raise UsageError(f"{path} is no spec file: its lists and objects lie in each other too deep.") from None
    except ValueError as error:
        raise UsageError(f"{path} is no spec file: it is not JSON ({error}).") from error
    if _deeper(found, DEEPEST):
        raise UsageError(f"{path} is no spec file: its lists and objects lie in each other too deep.")
    return RunSpec.from_json(found)


def _number(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested in more levels than that."""
    level = [value]
    for _ in range(levels):
        level = [inner for one in level for inner in _inside(one)]
    return bool(level)


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
