"""Pretraining by the phantom recipes makes features that tell classes of drawn images better than random weights do."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.recipes import recipe_named
from lightning_modules.self_supervised import SMALLEST_RANK, SelfSupervisedModule, nearest_neighbours
from specs.card import UNIT
from specs.expression import parse
from specs.registry import BACKBONES, METHODS
from tests.experiments.smoke import paths_in

DRAWN = "fractals", "tiny(width=8)"
"""Images and network; of a transformer, images with fewer fine details, which patches can be told from."""
TRIED = {
    "simsiam": DRAWN,
    "vicreg": DRAWN,
    "dino": DRAWN,
    "mae": ('medmnist("pneumoniamnist")', 'timm("test_vit", image_size=32, patch_size=8)'),
}


def told(module: SelfSupervisedModule, data: ImageDataModule) -> float:
    """The k-NN score of all images that are not trained on; validation images alone would be few."""
    kept = module.learner.kept.backbone.eval()

    def rows(loaders: tuple[object, ...]) -> tuple[Tensor, Tensor]:
        batches = [batch for loader in loaders for batch in loader]  # type: ignore[attr-defined]
        with torch.no_grad():
            features = torch.cat([kept(module.normalize(batch["image"])) for batch in batches])
        return features, torch.cat([batch["target"] for batch in batches])

    judged = rows((data.val_dataloader(), data.test_dataloader()))
    return nearest_neighbours(*judged, *rows((data.training_images(),)), data.task)


def scores(name: str, seed: int, folder: Path) -> tuple[float, float, float]:
    """The k-NN scores before and after the training, and the effective rank of the embeddings after it."""
    dataset, network = TRIED[name]
    opened = paths_in(folder).opened(parse(dataset), "phantom")
    recipe = recipe_named(f"phantom_ssl/{name}")
    method = METHODS.build(str(recipe.method))
    data = ImageDataModule(opened, recipe, seed=seed, views=method.views)
    torch.manual_seed(seed)
    learner = method.learner(BACKBONES.build(network), len(data.index_of("train")))
    module = SelfSupervisedModule(learner, opened.dataset.task, recipe, UNIT, seed)
    before = told(module, data)
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        max_epochs=recipe.epochs,
        check_val_every_n_epoch=recipe.epochs,
        default_root_dir=folder,
    )
    module.train()
    trainer.fit(module, data)
    return before, told(module, data), float(trainer.callback_metrics["embedding_rank"])


@pytest.mark.slow  # two whole trainings of each
@pytest.mark.parametrize("name", TRIED)
def test_neighbours_of_two_seeds_are_nearer_than_those_of_untrained_networks(name: str, tmp_path: Path) -> None:
    """On average, since a network of a few random filters may by chance tell the drawn classes well before training."""
    found = [scores(name, seed, tmp_path) for seed in (0, 2)]
    assert sum(after - before for before, after, _ in found) > 0, found
    assert all(rank > SMALLEST_RANK for _, _, rank in found), found
