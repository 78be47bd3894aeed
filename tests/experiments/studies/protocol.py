"""A recipe carried out on a network of one layer, with validation scores that a test writes down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from experiments.run.participant import lightning_trainer
from experiments.run.training import EpochEnd
from lightning_modules.trained import TrainedModule
from specs.card import UNIT
from specs.recipe import Recipe


class Scripted(TrainedModule):
    """Logs one score after another, whatever it learns.

    Args:
        recipe: of the training.
        scores: of the epochs, under the name that the recipe selects by.
    """

    def __init__(self, recipe: Recipe, scores: list[float]) -> None:
        super().__init__(recipe, UNIT, 3)
        self.layer, self.scores = nn.Linear(2, 2), scores

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss: Tensor = self.layer(batch).square().mean()
        return loss

    def on_train_epoch_end(self) -> None:
        self.log("train_loss", 1.0)

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        pass

    def on_validation_epoch_end(self) -> None:
        other = "loss" if self.recipe.selection == "metric" else "metric"
        selected = "metric" if self.recipe.selection == "metric" else "loss"
        self.log_dict({f"validation_{selected}": self.scores[self.current_epoch], f"validation_{other}": 0.0})


def carried_out(recipe: Recipe, scores: list[float], folder: Path) -> EpochEnd:
    """What the end of the last epoch left, after a training by the program's own trainer."""
    folder.mkdir()
    epoch_end = EpochEnd(recipe, 0, folder, lambda done, of: None)
    batches: DataLoader[Any] = DataLoader(torch.ones(1, 2), batch_size=1)  # type: ignore[arg-type]
    lightning_trainer(recipe, epoch_end, folder).fit(Scripted(recipe, scores), batches, batches)
    return epoch_end


def rates(recipe: Recipe, epochs: int, score: float = 1.0) -> list[float]:
    """The learning rate of each of the first epochs, as the built optimizer has it; every score is the same."""
    module = Scripted(recipe, [])
    optimizer = module.configure_optimizers()
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        module.schedule.step(score)
    return found
