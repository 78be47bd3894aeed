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
from specs.quoting import plain

SHOWN = 8
"""The number of names of each kind that a message lists."""

REMEDIES = {
    "missing": "Use weights of this very architecture; `medtransfer inspect FILE` finds other networks in the file.",
    "unexpected": 'If the unexpected ones are a head, declare their names: file("...", drop=("projector.",)).',
    "of another shape": "Choose the backbone in the width and for the input that the weights are of.",
    "of another kind of number": "Export the weights as floating-point numbers where they were made.",
    "below 0": "A variance has no such value, and its root would be no number: the file is damaged or of another kind.",
    "not finite": "The training that made them had diverged: choose weights of an earlier epoch of it.",
}
"""The remedy for each kind of fault."""

VARIANCE = ".running_var"
"""How the names of batch norm's variances end, of whose roots it takes the inverse."""

COUNTER = "num_batches_tracked"
"""The step counter of torch's batch norm, the one tensor that old checkpoints may lack."""


@dataclass(frozen=True)
class LoadReport:
    """A report of the weights that were loaded into a backbone, and of where they came from.

    Attributes:
        initializer: the initializer's canonical expression.
        source: where the tensors came from, in words.
        sha256: the hash of the file that the tensors came from, or None.
        card: the initializer's card as plain data.
        loaded: names of tensors that were set unchanged.
        transformed: what was done to a tensor before it fitted, by name.
        drawn: names of tensors that were drawn at random.
        dropped: names in the source that were left out on purpose.
        counters: batch-norm step counters that the source lacks and that were set to 0.
        converted: the source's number format of tensors that were converted, by name.
        before: the fingerprint of the backbone's weights before loading (``initializers.loading.fingerprints``).
        after: the fingerprint of the backbone's weights after loading.
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
        """The report as plain data, which ``LoadReport.from_json`` reads back."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoadReport:
        """The report from the plain data of ``to_json``."""
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
        backbone: the backbone, which is changed in place.
        initializer: the initializer that the weights come from.
        generator: the only source of random draws.
        weights_of: a function that finds the weights of required runs.

    Raises:
        WeightsError: names what is missing, unexpected, of another shape or number kind, or not finite.
    """
    wanted = backbone.weights()
    with ThreadPoolExecutor(1) as executor:  # hashing runs beside loading, since it releases Python's lock
        hashed = executor.submit(fingerprint, wanted)
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
        initializer: the initializer that the weights come from, for error messages.
        weights: the weights that the initializer gave.
        wanted: the backbone's tensors by name.

    Raises:
        WeightsError: names what is missing, unexpected, of another shape or number kind, or not finite.
    """
    faults = misfits(weights, wanted)
    fault_words = [
        f"{len(listed)} {fault}: {', '.join(plain(tensor_name, 200) for tensor_name in listed[:SHOWN])}"
        f"{', and so on' if len(listed) > SHOWN else ''}"
        for fault, listed in faults.items()
        if listed
    ]
    if fault_words:
        raise WeightsError(
            f"the weights of {initializer} do not fit the backbone, and nothing was loaded.\n"
            f"Source: {weights.source}\nExpected {len(wanted)} tensors; found {'; '.join(fault_words)}.\n"
            + " ".join(REMEDIES[fault] for fault, listed in faults.items() if listed)
            + (f" They are weights of the backbone {network}." if (network := initializer.made_for()) else "")
        )
    given = weights.tensors
    return {
        name: _as(given[name], target) if name in given else torch.zeros_like(target) for name, target in wanted.items()
    }


def misfits(weights: Weights, wanted: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """The faults that keep weights from being loaded, by kind; a list is empty where there is none of its kind.

    Values are checked only where the shape is right, so that the work is bounded by the backbone's size.

    Args:
        weights: the weights that an initializer gave.
        wanted: the backbone's tensors by name.
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
            if name in given and _kind(given[name]) != _kind(wanted[name])
        ],
        "not finite": [
            name
            for name, target in wanted.items()
            if name in given
            and given[name].shape == target.shape
            and not (weights.fingerprint and given[name].dtype == target.dtype)
            and not finite(given[name], target.dtype)
        ],
        "below 0": [
            name
            for name in wanted
            if name.endswith(VARIANCE)
            and name in given
            and given[name].shape == wanted[name].shape
            and not weights.fingerprint
            and _below_0(given[name])
        ],
    }


def _kind(tensor: Tensor) -> str:
    return "floating" if tensor.is_floating_point() else "complex" if tensor.is_complex() else "whole"


def finite(tensor: Tensor, dtype: torch.dtype = torch.float32) -> bool:
    """Whether all values are finite, also after conversion to the number format ``dtype``; whole numbers always are."""
    if not tensor.is_floating_point() or tensor.device.type == "meta":
        return True
    return bool(torch.isfinite(tensor.to(dtype if dtype.is_floating_point else torch.float32)).all())


def _below_0(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.device.type != "meta" and bool((tensor.float() < 0).any())


def _as(tensor: Tensor, target: Tensor) -> Tensor:
    """The tensor in the target's number format and on its device; the same object if it is so already."""
    return tensor if tensor.dtype == target.dtype and tensor.device == target.device else tensor.detach().to(target)


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == COUNTER


def _format(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
