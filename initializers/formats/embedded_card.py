"""The card embedded in weight files that medtransfer wrote: it is in the header of the safetensors file."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from initializers.formats.safetensors_header import METADATA, HeaderFault, read_header
from specs.card import Card, Normalization
from specs.errors import WeightsError
from specs.quoting import plain

ENTRY = "medtransfer"
"""The key of the card in the header's metadata (https://github.com/huggingface/safetensors, "Format")."""


def description(card: Card, backbone: str, run: str) -> dict[str, str]:
    """The metadata to write into a weight file.

    Args:
        card: the card of the weights.
        backbone: the expression that builds the network that the weights are for.
        run: the key of the run that made the weights.
    """
    metadata = {"card": dataclasses.asdict(card), "backbone": backbone, "run": run}
    return {ENTRY: json.dumps(metadata, sort_keys=True)}


def card_in(path: Path) -> Card | None:
    """The card in a weight file, or None if medtransfer did not write the file.

    Raises:
        WeightsError: if the file has such an entry, but it is not a valid card.
    """
    text = _metadata(path).get(ENTRY)
    if text is None:
        return None
    try:
        content: dict[str, Any] = json.loads(text)["card"]
        normalization = content.pop("normalization")
        texts = {name: _texts(content.pop(name)) for name in ("training_data", "warnings")}
        texts["unseen"] = _texts(content.pop("unseen", []))  # which cards of before did not have
        rest = {name: None if value is None else _text(value) for name, value in content.items()}
        if normalization is not None:
            mean, std = (tuple(map(float, normalization[name])) for name in ("mean", "std"))
            finite = all(map(math.isfinite, (*mean, *std)))
            if len(mean) != len(std) or len(mean) not in (1, 3) or not finite or min(std) <= 0:
                raise ValueError(f"normalization of mean {mean} and std {std}")
            normalization = Normalization(mean, std)
        return Card(normalization=normalization, **texts, **rest)  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise WeightsError(
            f"{path}: the card in its header cannot be read ({type(error).__name__}: {plain(error, 200)}). Export it "
            "again with this version of medtransfer."
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
    """The metadata in a safetensors header; empty for a file of another format. Tensors are not read."""
    try:
        header, _ = read_header(path)
    except HeaderFault:  # it is no safetensors file; the readers of weights say what it is
        return {}
    metadata = header.get(METADATA)
    return metadata if isinstance(metadata, dict) else {}
