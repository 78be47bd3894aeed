"""Pretraining by the phantom recipes makes features that tell classes of drawn images better than random weights do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.recipes import recipe_named
from lightning_modules.self_supervised import SelfSupervisedModule
from specs.card import UNIT
from specs.expression import parse
from specs.registry import BACKBONES, METHODS
from tests.experiments.smoke import paths_in

NETWORKS = {"mae": 'timm("test_vit", image_size=32, patch_size=4)'}
SEEDS = (0, 1, 2)


def scores(name: str, seed: int, folder: Path) -> tuple[float, float, float]:
    """The k-NN score of validation images before and after the training, and the embeddings' rank after it."""
    opened = paths_in(folder).opened(parse("fractals"), "phantom")
    recipe = dataclasses.replace(recipe_named(f"phantom_ssl/{name}"), threads=1)
    method = METHODS.build(str(recipe.method))
    data = ImageDataModule(opened, recipe, seed=seed, views=method.views)
    torch.manual_seed(seed)
    learner = method.learner(BACKBONES.build(NETWORKS.get(name, "tiny")), len(data.index_of("train")))
    module = SelfSupervisedModule(learner, opened.dataset.task, recipe, UNIT, seed)
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        max_epochs=recipe.epochs,
        default_root_dir=folder,
    )
    (before,) = trainer.validate(module, data, verbose=False)
    trainer.fit(module, data)
    (after,) = trainer.validate(module, data, verbose=False)
    return before["validation_metric"], after["validation_metric"], after["embedding_rank"]


@pytest.mark.slow  # three whole trainings of each
@pytest.mark.parametrize("name", ["simsiam", "vicreg", "dino", "mae"])
def test_neighbours_are_nearer_than_those_of_the_untrained_network(name: str, tmp_path: Path) -> None:
    found = [scores(name, seed, tmp_path) for seed in SEEDS]
    print(name, found)
    assert all(after > before for before, after, _ in found)
    assert all(rank > 1.5 for _, _, rank in found)
