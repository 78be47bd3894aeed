"""Finished runs whose weights were changed on purpose, in copies of their folders."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from backbones.networks.contract import Backbone
from experiments.run.paths import Paths
from experiments.run.restored import before_training
from experiments.run.store import BEST, Record
from tests.experiments.resealed import reseal

PRETRAINED = 'supervised(on="fractals(classes=3, per_class=30, size=28)")'
"""An initializer whose pretraining takes a second."""

NETWORK = "backbone.network."
"""What stands before a tensor's canonical name in a module's weights."""

STAGES = ["conv1", "layer1", "layer2", "layer3"]
"""Of the smoke runs' network."""


def stage_of(name: str) -> str | None:
    """The stage of a tensor of a smoke run's module; None for the head's."""
    return name.removeprefix(NETWORK).partition(".")[0] if name.startswith(NETWORK) else None


def weights_of(record: Record) -> dict[str, Tensor]:
    """Every tensor of a run's module after training."""
    return load_file(record.folder / BEST)


def start_of(record: Record, paths: Paths) -> dict[str, Tensor]:
    """The tensors of the backbone before training, by their names in the module."""
    backbone: Backbone = before_training(record, paths)
    return {NETWORK + name: tensor for name, tensor in backbone.weights().items()}


def with_weights(record: Record, changed: Mapping[str, Tensor], folder: Path) -> Record:
    """A copy of a run in which some tensors are others."""
    shutil.copytree(record.folder, folder)
    save_file(weights_of(record) | {name: tensor.contiguous() for name, tensor in changed.items()}, folder / BEST)
    return reseal(folder)
