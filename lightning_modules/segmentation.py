"""Segmentation: a U-Net over the backbone's feature maps, one foreground class."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from backbones.networks.contract import Backbone
from lightning_modules import losses
from lightning_modules.supervised import Batch, SupervisedModule
from lightning_modules.unet import UNet
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task

COUNTS = ("tp", "fp", "fn", "tn")
"""True positives, false positives, false negatives, true negatives."""


class SegmentationModule(SupervisedModule):
    """Segmentation of one class. The metric is ``analysis.scores.Dice()``: the mean Dice over images."""

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__(backbone, task, recipe, normalization)
        self.decoder = UNet(backbone, recipe.dropout)
        self.loss_kind: losses.SegmentationLoss = "dice" if recipe.loss == "auto" else recipe.loss
        self.format_weights()

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, 1, H, W) of uint8 images (B, C, H, W)."""
        x = self.normalize(image)
        logits: Tensor = self.decoder(x, self.backbone.features(x))
        return logits

    def loss_sums(self, logits: Tensor, batch: Batch) -> Tensor:
        """Pixel sums."""
        return losses.segmentation_sums(logits, batch["mask"])

    def loss(self, sums: Tensor) -> Tensor:
        """The recipe's loss over all pixels together."""
        return losses.segmentation_loss(sums, self.loss_kind)

    def validation_rows(self, logits: Tensor, batch: Batch) -> dict[str, NDArray[Any]]:
        """Pixel counts per image over the whole image at network size, ``network_whole_{tp,fp,fn,tn}``."""
        mask = batch["mask"] > 0
        return confusion(logits.sigmoid() > 0.5, mask, torch.ones_like(mask), "network_whole")

    def tested_rows(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """Pixel counts per image, ``{network,native}_{whole,fov}_{tp,fp,fn,tn}``.

        At native size the probability map is resized bilinearly, then cut at 0.5.
        """
        probabilities = self.probabilities(batch["image"])
        mask, view = batch["mask"] > 0, batch["field_of_view"] > 0
        found = confusion(probabilities > 0.5, mask, torch.ones_like(mask), "network_whole")
        found |= confusion(probabilities > 0.5, mask, view, "network_fov")
        per_image = [
            self._native_counts(probability[None], mask, view)
            for probability, mask, view in zip(
                probabilities, batch["native_mask"], batch["native_field_of_view"], strict=True
            )
        ]
        return found | {name: np.concatenate([counts[name] for counts in per_image]) for name in per_image[0]}

    def probabilities(self, image: Tensor) -> Tensor:
        """Probability maps (B, 1, H, W) of uint8 images (B, C, H, W): the mean over the recipe's views."""
        logits = losses.full(self(image))
        probabilities = logits.sigmoid()
        if self.recipe.test_time_augmentation == "flip":
            mirrored = losses.full(self(image.flip(-1))).sigmoid().flip(-1)
            probabilities = (probabilities + mirrored) / 2
        return probabilities

    def _native_counts(self, probability: Tensor, mask: Tensor, view: Tensor) -> dict[str, NDArray[Any]]:
        mask, view = mask.to(probability.device)[None, None] > 0, view.to(probability.device)[None, None] > 0
        resized = F.interpolate(probability, mask.shape[2:], mode="bilinear", align_corners=False) > 0.5
        whole = confusion(resized, mask, torch.ones_like(mask), "native_whole")
        return whole | confusion(resized, mask, view, "native_fov")


def confusion(prediction: Tensor, truth: Tensor, region: Tensor, name: str) -> dict[str, NDArray[Any]]:
    """Pixel counts per image inside a region, as ``NAME_tp`` and so on, int64 (B,).

    Args:
        prediction: bool (B, 1, H, W).
        truth: bool (B, 1, H, W).
        region: bool (B, 1, H, W), the pixels that count.
        name: prefix of the names.
    """
    masks = (prediction & truth, prediction & ~truth, ~prediction & truth, ~prediction & ~truth)
    return {
        f"{name}_{count}": (mask & region).sum(dim=(1, 2, 3)).cpu().numpy()
        for count, mask in zip(COUNTS, masks, strict=True)
    }
