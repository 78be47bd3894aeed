"""Strict loading: every tensor of the backbone is set from the initializer, or nothing is changed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.loading.contract import Initializer, Weights, WeightsOf, no_runs
from initializers.loading.fingerprints import fingerprint
from specs.errors import WeightsError

SHOWN = 8
"""How many names of each kind a message lists."""

COUNTER = "num_batches_tracked"
"""The step counter of torch's batch norm, the one tensor that old checkpoints may lack."""


@dataclass(frozen=True)
class LoadReport:
    """What was loaded into a backbone, from where.

    Attributes:
        initializer: its canonical expression.
        source: where the tensors came from, in words.
        sha256: of the file that they came from, or None.
        card: the initializer's card as plain data.
        loaded: names of tensors that were set as they came.
        transformed: what was done to a tensor before it fitted, by name.
        drawn: names of tensors that were drawn at random.
        dropped: names in the source that were left out on purpose.
        counters: batch-norm step counters that the source lacks and that were set to 0.
        converted: the source's number format of tensors that were converted, by name.
        before: fingerprint of the backbone's weights before (``initializers.loading.fingerprints``).
        after: fingerprint of the backbone's weights after.
    """

    initializer: str
    source: str
    sha256: str | None
    card: dict[str, Any]
    loaded: tuple[str, ...]
    transformed: dict[str, str]
    drawn: tuple[str, ...]
    dropped: tuple[str, ...]
    counters: tuple[str, ...]
    converted: dict[str, str]
    before: str
    after: str

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``LoadReport.from_json`` reads it back."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoadReport:
        """The report of ``to_json``'s plain data."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**fields)


def initialize(
    backbone: Backbone, initializer: Initializer, generator: torch.Generator, weights_of: WeightsOf = no_runs
) -> LoadReport:
    """Set all weights of a backbone from an initializer.

    Only batch-norm step counters may be missing; they are set to 0. All checks happen before anything is changed.

    Args:
        backbone: is changed in place.
        initializer: where the weights come from.
        generator: the only source of random draws.
        weights_of: finds the weights of required runs.

    Raises:
        WeightsError: names what is missing, unexpected, of another shape or number kind, or not finite.
    """
    wanted = backbone.weights()
    with ThreadPoolExecutor(1) as beside:  # memory limits hashing, not Python
        hashed = beside.submit(fingerprint, wanted)
        weights = initializer.state_dict(backbone, generator, weights_of)
        tensors = fitting(initializer, weights, wanted)
        before = hashed.result()
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(tensors[name])
    as_given = all(tensors[name] is weights.tensors.get(name) for name in wanted)
    after = weights.fingerprint if weights.fingerprint and as_given else fingerprint(backbone.weights())
    counters = tuple(name for name in wanted if name not in weights.tensors)
    special = {*weights.transformed, *weights.drawn, *counters}
    return LoadReport(
        initializer=str(initializer),
        source=weights.source,
        sha256=weights.sha256,
        card=json.loads(json.dumps(dataclasses.asdict(initializer.card()))),
        loaded=tuple(name for name in wanted if name not in special),
        transformed=dict(weights.transformed),
        drawn=tuple(weights.drawn),
        dropped=tuple(weights.dropped),
        counters=counters,
        converted={
            name: _format(tensor) for name, tensor in weights.tensors.items() if tensor.dtype != wanted[name].dtype
        },
        before=before,
        after=after,
    )


def fitting(initializer: Initializer, weights: Weights, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """An initializer's tensors in the backbone's order, number formats and device, with absent step counters as 0.

    Args:
        initializer: whose weights they are, for messages.
        weights: what it yielded.
        wanted: the backbone's tensors.

    Raises:
        WeightsError: names what is missing, unexpected, of another shape or number kind, or not finite.
    """
    given, faults = weights.tensors, misfits(weights, wanted)
    tensors = {
        name: _as(given[name], target) if name in given else torch.zeros_like(target) for name, target in wanted.items()
    }
    faults["not finite"] = [
        name
        for name, tensor in tensors.items()
        if not (weights.fingerprint and tensor is given.get(name)) and not bool(torch.isfinite(tensor).all())
    ]
    found = [
        f"{len(names)} {what}: {', '.join(names[:SHOWN])}{', and so on' if len(names) > SHOWN else ''}"
        for what, names in faults.items()
        if names
    ]
    if found:
        raise WeightsError(
            f"the weights of {initializer} do not fit the backbone, and nothing was loaded.\n"
            f"Source: {weights.source}\nExpected {len(wanted)} tensors; found {'; '.join(found)}.\n"
            "Use weights of this very architecture; if the unexpected ones are a head, declare their names: "
            'file("...", drop=("projector.",)).'
        )
    return tensors


def misfits(weights: Weights, wanted: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """What keeps weights from being loaded, by kind, apart from their values.

    Args:
        weights: what an initializer yielded.
        wanted: the backbone's tensors.
    """
    given = weights.tensors
    return {
        "missing": [name for name in wanted if name not in given and not _is_counter(name)],
        "unexpected": [name for name in given if name not in wanted],
        "of another shape": [
            f"{name} is {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in wanted
            if name in given and given[name].shape != wanted[name].shape
        ],
        "of another kind of number": [
            f"{name} is {_format(given[name])} instead of {_format(wanted[name])}"
            for name in wanted
            if name in given and given[name].is_floating_point() != wanted[name].is_floating_point()
        ],
    }


def _as(tensor: Tensor, target: Tensor) -> Tensor:
    """The tensor in the target's number format and on its device; itself where it is so already."""
    return tensor if tensor.dtype == target.dtype and tensor.device == target.device else tensor.detach().to(target)


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == COUNTER


def _format(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
