"""What a self-supervised training calls of a method, when, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.recipes import recipe_named
from lightning_modules.self_supervised import SelfSupervisedModule
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, EveryImage, Learner
from specs.card import UNIT
from specs.expression import parse
from specs.registry import BACKBONES
from tests.experiments.smoke import paths_in


class Recording(Learner):
    """A method that notes what is called of it."""

    def __init__(self) -> None:
        backbone = BACKBONES.build("tiny(width=4)")
        super().__init__(Encoder(backbone, mlp(backbone.num_features, 2)))
        self.calls: list[tuple[str, float]] = []
        self.seen: list[Tensor] = []
        self.weights: list[Tensor] = []

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        self.calls.append(("loss", len(views)))
        self.seen.append(index)
        loss: Tensor = self.online(views[0]).square().mean()
        return loss

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        self.calls.append(("before_epoch", epoch))
        rows = every_image(lambda images: images.mean(dim=(2, 3)))
        self.calls.append(("images", len(rows)))

    def before_step(self, step: int) -> None:
        self.calls.append(("before_step", step))
        assert all(one.grad is not None for one in self.parameters())
        self.weights.append(self.online.head[0].weight.detach().clone())  # type: ignore[index]

    def after_step(self, progress: float) -> None:
        self.calls.append(("after_step", progress))
        self.weights.append(self.online.head[0].weight.detach().clone())  # type: ignore[index]


def test_each_epoch_and_each_step_calls_the_method_in_order(tmp_path: Path) -> None:
    opened = paths_in(tmp_path).opened(parse("fractals(classes=3, per_class=20, size=16)"), "phantom")
    recipe = recipe_named("phantom_ssl/simclr_v1").override({"image_size": "16", "batch_size": "16", "epochs": "2"})
    data, learner = ImageDataModule(opened, recipe, seed=0, views=2), Recording()
    module = SelfSupervisedModule(learner, opened.dataset.task, recipe, UNIT, 0)
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        max_epochs=2,
        limit_val_batches=0,
        default_root_dir=tmp_path,
    )
    trainer.fit(module, data)
    expected: list[tuple[str, object]] = []
    for epoch in range(2):
        expected += [("before_epoch", epoch), ("images", 48)]
        for step in range(3 * epoch, 3 * epoch + 3):  # 48 images in batches of 16
            expected += [("loss", 2), ("before_step", step), ("after_step", pytest.approx(step / 6))]
    assert learner.calls == expected
    for epoch in range(2):
        assert torch.cat(learner.seen[3 * epoch : 3 * epoch + 3]).sort().values.tolist() == list(range(48))
    for before, after in zip(learner.weights[::2], learner.weights[1::2], strict=True):
        assert not torch.equal(before, after)  # the optimizer's step lies between
