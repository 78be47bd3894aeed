"""The mean of the networks of several runs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytorch_lightning as pl
import torch
from safetensors.torch import load_file

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.store import BEST, Record
from lightning_modules.supervised import SupervisedModule
from specs.errors import RunError


def average(module: SupervisedModule, members: Sequence[Record]) -> None:
    """Give a module the mean of the tensors of several runs; whole numbers, such as counters, are the first run's.

    Args:
        module: the module, which is changed in place.
        members: the records of the runs.

    Raises:
        RunError: if the runs did not start from the same weights, or their weights are damaged.
    """
    starts = [json.loads(one.file("load_report.json").read_text(encoding="utf-8"))["after"] for one in members]
    if len(set(starts)) > 1:
        raise RunError(
            f"{module.recipe.adaptation} averages networks that start from the same weights, and these {len(members)} "
            "start from different ones, which their initializer draws anew for each seed. Adapt it by full."
        )
    tensors = [load_file(one.file(BEST)) for one in members]
    mean = {
        name: torch.stack([one[name] for one in tensors]).double().mean(dim=0).to(first.dtype)
        if first.is_floating_point()
        else first
        for name, first in tensors[0].items()
    }
    module.load_state_dict(mean)


def validated(trainer: pl.Trainer, module: SupervisedModule, data: ImageDataModule) -> dict[str, float | None]:
    """The loss and the metric of the validation images; None where one is undefined."""
    trainer.validate(module, data, verbose=False)
    values = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("validation_")}
    return {name: value if value == value else None for name, value in values.items()}
