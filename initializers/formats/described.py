"""Weight files that say what they are: a card in the header of a safetensors file that medtransfer wrote."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from specs.card import Card, Normalization
from specs.errors import WeightsError

ENTRY = "medtransfer"
"""Key of the header's metadata (https://github.com/huggingface/safetensors, "Format")."""

LONGEST = 100 * 2**20
"""Bytes of a header at most, as the safetensors library has it."""


def description(card: Card, backbone: str, run: str) -> dict[str, str]:
    """The metadata of a file.

    Args:
        card: of the weights.
        backbone: expression that builds the network they are for.
        run: key of the run that made them.
    """
    told = {"card": dataclasses.asdict(card), "backbone": backbone, "run": run}
    return {ENTRY: json.dumps(told, sort_keys=True)}


def card_in(path: Path) -> Card | None:
    """The card that a file holds, or None if it is not one that medtransfer wrote.

    Raises:
        WeightsError: if it has such an entry that is no card.
    """
    told = _metadata(path).get(ENTRY)
    if told is None:
        return None
    try:
        plain: dict[str, Any] = json.loads(told)["card"]
        normalization = plain.pop("normalization")
        texts = {name: _texts(plain.pop(name)) for name in ("training_data", "warnings")}
        rest = {name: None if value is None else _text(value) for name, value in plain.items()}
        if normalization is not None:
            mean, std = (tuple(map(float, normalization[name])) for name in ("mean", "std"))
            finite = all(map(math.isfinite, (*mean, *std)))
            if len(mean) != len(std) or len(mean) not in (1, 3) or not finite or min(std) <= 0:
                raise ValueError(f"normalization of mean {mean} and std {std}")
            normalization = Normalization(mean, std)
        return Card(normalization=normalization, **texts, **rest)  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"{path}: the card in its header cannot be read ({type(error).__name__}: {error}). Export it again with "
            "this version of medtransfer."
        ) from error


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return tuple(map(_text, values))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _metadata(path: Path) -> dict[str, str]:
    """The header's metadata; empty for a file of another format. Tensors are not read."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(LONGEST, path.stat().st_size - 8):
            return {}
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):  # whatever it is, it is no safetensors file; the readers of weights say so
            return {}
    found = header.get("__metadata__") if isinstance(header, dict) else None
    return found if isinstance(found, dict) else {}
