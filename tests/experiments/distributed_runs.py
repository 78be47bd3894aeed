"""Runs in float64 without batch normalization, by as many processes as are started with it.

    python -m tests.experiments.distributed_runs DATA RUNS TASK ...
    torchrun --standalone --nproc-per-node 2 -m tests.experiments.distributed_runs DATA RUNS TASK ...

One process and several must then agree to rounding. It prints one line of JSON for each run.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
import zlib
from pathlib import Path
from typing import Any

from datamodules.chexpert import CheXpert
from datamodules.contract import Sample
from experiments import runner
from experiments.places import Places
from experiments.resolve import recipe_named
from specs.run import RunSpec
from specs.steps import SGD
from tests.experiments.smoke import spec
from tests.lightning_modules.distributed_methods import without_norms

EPOCHS = 3
WORLD = int(os.environ.get("WORLD_SIZE", os.environ.get("SLURM_NTASKS", "1")))


def specs() -> dict[str, RunSpec]:
    """Findings of which half the images lack 13 of 14 labels, masks of which many are empty, views to tell apart."""
    recipe = dataclasses.replace(spec().recipe, epochs=EPOCHS, dropout=0.0, optimizer=SGD(0.2, 0.9))
    masks = dataclasses.replace(recipe, image_size=16, loss="bce_dice", batch_size=8, optimizer=SGD(0.2, 0.9))
    views = dataclasses.replace(recipe_named("phantom_ssl/simclr_v1"), epochs=EPOCHS, image_size=16, batch_size=32)
    return {
        "classification": spec(dataset='chexpert(uncertain="ignore", frontal_only=True)', recipe=recipe),
        "segmentation": spec(dataset="siim_acr", recipe=masks),
        "pretraining": spec(stage="pretrain", dataset="fractals(classes=3, per_class=30, size=16)", recipe=views),
    }


def sparse(self: CheXpert, sample: Sample, seed: int, every: Any = CheXpert.training_target) -> tuple[float, ...]:
    """The labels of every other image, by its name; of the others the first alone."""
    target = every(self, sample, seed)
    return target if zlib.crc32(sample.id.encode()) % 2 else (target[0], *[math.nan] * (len(target) - 1))


def main(data: Path, runs: Path, tasks: list[str]) -> None:
    """Do the runs."""
    CheXpert.training_target = sparse  # type: ignore[assignment, method-assign]
    runner.PRECISIONS["32"] = "64-true"
    supervised = runner.supervised_module
    runner.supervised_module = lambda *given: without_norms(supervised(*given))  # type: ignore[assignment, return-value]
    pretrained = runner.SelfSupervisedModule
    runner.SelfSupervisedModule = lambda learner, *others: pretrained(without_norms(learner), *others)  # type: ignore[assignment, arg-type, misc]
    for name in tasks:
        record = runner.run(specs()[name], Places(data, runs, runs / "prepared"), devices=WORLD)
        sys.stdout.write(json.dumps({"task": name, "folder": str(record.folder)}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
