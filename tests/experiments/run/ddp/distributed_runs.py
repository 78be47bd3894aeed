"""Runs in float64 without batch normalization, by one process or by several; they must then agree to rounding."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from datamodules.chexpert import CheXpert
from datamodules.dataset.sample import Sample
from datamodules.montgomery import Montgomery
from experiments.run import participant
from experiments.run.ddp.distributed import check_same_weights, group
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.runner import run
from initializers.loading.fingerprints import fingerprint
from lightning_modules.gathering import rank
from specs.errors import RunError
from specs.recipe_parts import SGD
from specs.registry import BACKBONES
from specs.run import RunSpec
from tests.experiments.smoke import spec
from tests.lightning_modules.distributed_methods import without_norms

EPOCHS = 3


def specs() -> dict[str, RunSpec]:
    """Weighted findings of which half the images lack 13 of 14 labels, masks of which half are empty, and views.

    Masks are learned by a U-Net, and by UPerNet over a transformer.
    """
    recipe = dataclasses.replace(spec().recipe, epochs=EPOCHS, dropout=0.0, optimizer=SGD(0.2, 0.9))
    weighted = dataclasses.replace(recipe, class_weights="balanced")
    masks = dataclasses.replace(recipe, image_size=16, loss="bce_dice", batch_size=8)
    slow = dataclasses.replace(masks, optimizer=SGD(0.01, 0.9))
    transformer = BACKBONES.bind('timm("test_vit3", image_size=16, patch_size=4)')
    views = dataclasses.replace(recipe_named("phantom_ssl/simclr_v1"), epochs=EPOCHS, image_size=16, batch_size=32)
    return {
        "classification": spec(dataset='chexpert(uncertain="ignore", frontal_only=True)', recipe=weighted),
        "segmentation": spec(dataset="montgomery", recipe=masks),
        "transformer": spec(dataset="montgomery", recipe=slow, backbone=transformer),
        "pretraining": spec(stage="pretrain", dataset="fractals(classes=3, per_class=30, size=16)", recipe=views),
    }


def chosen(sample: Sample) -> bool:
    """Every other image, by its name."""
    return zlib.crc32(sample.id.encode()) % 2 == 0


def sparse(self: CheXpert, sample: Sample, seed: int, every: Any = CheXpert.training_target) -> tuple[float, ...]:
    """The labels of every other image; of the others the first alone."""
    target: tuple[float, ...] = every(self, sample, seed)
    return (target[0], *[math.nan] * (len(target) - 1)) if chosen(sample) else target


def emptied(self: Montgomery, root: Path, sample: Sample, every: Any = Montgomery.read_mask) -> NDArray[np.uint8]:
    """The masks of every other image; those of the others are empty."""
    mask: NDArray[np.uint8] = every(self, root, sample)
    return np.zeros_like(mask) if chosen(sample) else mask


def with_idle_weights(module: nn.Module) -> nn.Module:
    """The module with a parameter that its loss does not need, as decoders do not need some networks' last layers."""
    module.register_parameter("idle", nn.Parameter(torch.ones(1)))
    return module


@contextmanager
def altered(runs: Path) -> Iterator[None]:
    """Float64, no batch norm, labels and masks that are uneven; each process writes with which weights it begins."""
    supervised, pretrained, check = (
        participant.supervised_module,
        participant.SelfSupervisedModule,
        participant.check_same_weights,
    )

    def checked(module: nn.Module) -> None:
        with (runs / f"initial-{rank()}.jsonl").open("a") as file:
            file.write(json.dumps(fingerprint(module.state_dict())) + "\n")
        check(module)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CheXpert, "training_target", sparse)
        patch.setattr(Montgomery, "read_mask", emptied)
        patch.setitem(participant.PRECISIONS, "32", "64-true")
        patch.setattr(
            participant, "supervised_module", lambda *given: with_idle_weights(without_norms(supervised(*given)))
        )
        patch.setattr(
            participant, "SelfSupervisedModule", lambda learner, *others: pretrained(without_norms(learner), *others)
        )
        patch.setattr(participant, "check_same_weights", checked)
        yield


def do(data: Path, runs: Path, tasks: list[str], devices: int = 1) -> dict[str, Path]:
    """Do the runs; returns their folders."""
    with altered(runs):
        paths = Paths(data, runs, runs / "prepared")
        return {name: run(specs()[name], paths, devices=devices).folder for name in tasks}


def as_torchrun_starts_it(data: Path, runs: Path, tasks: list[str]) -> None:
    """The part of one process of two.

    The first time it fails after a run, so that torchrun starts all anew. It also tries to begin with weights of its
    own, and writes what is said.
    """
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        do(data, runs, tasks[:1], devices=2)
        sys.exit(1)
    do(data, runs, tasks, devices=2)
    with group(2):
        layer = nn.Linear(2, 2)
        nn.init.constant_(layer.weight, 1.0 + rank())
        nn.init.zeros_(layer.bias)
        try:
            check_same_weights(layer)
        except RunError as error:
            (runs / f"refused-{rank()}.txt").write_text(str(error))


def as_srun_starts_it(number: int, port: int, data: Path, runs: Path, tasks: list[str]) -> None:
    """The part of one process of two, with the environment that srun gives it."""
    own = {"SLURM_PROCID": number, "SLURM_LOCALID": number, "SLURM_NODEID": 0, "SLURM_JOB_ID": 7, "SLURM_STEP_ID": 0}
    tasks_of = {"SLURM_NTASKS": 2, "SLURM_NTASKS_PER_NODE": 2, "SLURM_STEP_NUM_TASKS": 2}
    os.environ |= {name: str(value) for name, value in (own | tasks_of).items()}
    os.environ |= {"SLURM_NODELIST": "127.0.0.1", "SLURM_STEP_NODELIST": "127.0.0.1", "MASTER_PORT": str(port)}
    do(data, runs, tasks, devices=2)
