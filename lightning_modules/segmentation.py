"""Segmentation of one or several foreground classes: a decoder over the backbone's feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from backbones.networks.contract import Backbone
from lightning_modules import losses
from lightning_modules.decoder_choice import built_decoder
from lightning_modules.supervised import Batch, SupervisedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import IGNORED, Task

COUNTS = ("tp", "fp", "fn", "tn")
"""The counts of pixels: true positives, false positives, false negatives and true negatives."""


class SegmentationModule(SupervisedModule):
    """A module for segmentation. The metric is ``analysis.scores.Dice``: the mean Dice over images.

    Of one class the network gives the probability that a pixel shows it (sigmoid), cut at 0.5. Of several classes, of
    which a pixel shows one or none, it gives the probability of each and of the background (softmax), and the largest
    is taken; the metric is the mean over the classes. Unless the recipe says another loss, it is soft Dice, and of
    several classes the sum of soft Dice and cross-entropy, as in nnU-Net (Isensee et al. 2021).

    Raises:
        UsageError: if the recipe's decoder does not fit the backbone; the message says which do.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__(backbone, task, recipe, normalization)
        self.decoder = built_decoder(backbone, recipe.decoder, recipe.dropout, task.outputs)
        usual: losses.SegmentationLoss = "dice" if task.outputs == 1 else "bce_dice"
        self.loss_kind = usual if recipe.loss == "auto" else recipe.loss
        self.format_weights()

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, outputs, H, W) of uint8 images (B, C, H, W); ``Task.outputs`` says how many there are."""
        x = self.normalize(image)
        logits: Tensor = self.decoder(x, self.backbone.features(x))
        return logits

    def loss_sums(self, logits: Tensor, batch: Batch) -> Tensor:
        """The sums over pixels that the loss is computed from."""
        return losses.segmentation_sums(logits, batch["mask"])

    def loss(self, sums: Tensor) -> Tensor:
        """The recipe's loss over all pixels together."""
        return losses.segmentation_loss(sums, self.loss_kind)

    def validation_rows(self, logits: Tensor, batch: Batch) -> dict[str, NDArray[Any]]:
        """Pixel counts of each whole image at the size of the network's input, ``network_whole_{tp,fp,fn,tn}``.

        Of several classes they are counted for each, and ``CLASS:`` stands before the name.
        """
        mask = batch["mask"]
        return self._counts(self.predicted(self.activated(logits)), mask, mask != IGNORED, "network_whole")

    def tested_rows(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """Pixel counts of each image, ``{network,native}_{whole,fov}_{tp,fp,fn,tn}``.

        They are counted at the size of the network's input and at that of the file (``native``), in the whole image and
        in the field of view (``fov``), never where the mask is ``IGNORED``. For the size of the file the maps of
        probabilities are resized bilinearly before classes are told from them. Of several classes they are counted for
        each, and ``CLASS:`` stands before the name.
        """
        probabilities = self.probabilities(batch["image"])
        mask, view, found = batch["mask"], batch["field_of_view"] > 0, self.predicted(probabilities)
        labelled = mask != IGNORED
        counts_by_name = self._counts(found, mask, labelled, "network_whole")
        counts_by_name |= self._counts(found, mask, labelled & view, "network_fov")
        per_image = [
            self._native_counts(probability[None], mask, view)
            for probability, mask, view in zip(
                probabilities, batch["native_mask"], batch["native_field_of_view"], strict=True
            )
        ]
        return counts_by_name | {name: np.concatenate([counts[name] for counts in per_image]) for name in per_image[0]}

    def probabilities(self, image: Tensor) -> Tensor:
        """The mean probability maps (B, outputs, H, W) over the recipe's views of uint8 images (B, C, H, W)."""
        probabilities = self.activated(losses.full(self(image)))
        if self.recipe.test_time_augmentation == "flip":
            mirrored = self.activated(losses.full(self(image.flip(-1)))).flip(-1)
            probabilities = (probabilities + mirrored) / 2
        return probabilities

    def activated(self, logits: Tensor) -> Tensor:
        """The probabilities of logits, both (B, outputs, H, W)."""
        return logits.sigmoid() if self.task.outputs == 1 else logits.softmax(dim=1)

    def predicted(self, probabilities: Tensor) -> Tensor:
        """The numbers of the classes that are told, (B, 1, H, W), 0 for the background, from (B, outputs, H, W)."""
        return probabilities > 0.5 if self.task.outputs == 1 else probabilities.argmax(dim=1, keepdim=True)

    def predicted_at(self, probabilities: Tensor, size: Sequence[int]) -> Tensor:
        """The numbers of the classes that are told at another size, (B, 1, h, w), from (B, outputs, H, W).

        Args:
            probabilities: the maps of probabilities, which are resized bilinearly before classes are told from them.
            size: the height and width of the result, in pixels.
        """
        height, width = size
        return self.predicted(F.interpolate(probabilities, (height, width), mode="bilinear", align_corners=False))

    def _native_counts(self, probability: Tensor, mask: Tensor, view: Tensor) -> dict[str, NDArray[Any]]:
        mask, view = mask.to(probability.device)[None, None], view.to(probability.device)[None, None] > 0
        found, labelled = self.predicted_at(probability, mask.shape[2:]), mask != IGNORED
        whole = self._counts(found, mask, labelled, "native_whole")
        return whole | self._counts(found, mask, labelled & view, "native_fov")

    def _counts(self, found: Tensor, mask: Tensor, region: Tensor, name: str) -> dict[str, NDArray[Any]]:
        """The pixel counts of each image inside a region, of each class if there are several."""
        if self.task.outputs == 1:
            return confusion(found, mask > 0, region, name)
        counted: dict[str, NDArray[Any]] = {}
        for number, one in enumerate(self.task.classes, 1):
            counted |= confusion(found == number, mask == number, region, f"{one}:{name}")
        return counted


def confusion(prediction: Tensor, truth: Tensor, region: Tensor, name: str) -> dict[str, NDArray[Any]]:
    """The pixel counts of each image inside a region, named ``NAME_tp`` and so on, int64 (B,).

    Args:
        prediction: the predicted foreground, bool (B, 1, H, W).
        truth: the true foreground, bool (B, 1, H, W).
        region: the pixels that count, bool (B, 1, H, W).
        name: the prefix of the counts' names.
    """
    masks = (prediction & truth, prediction & ~truth, ~prediction & truth, ~prediction & ~truth)
    return {
        f"{name}_{count}": (mask & region).sum(dim=(1, 2, 3)).cpu().numpy()
        for count, mask in zip(COUNTS, masks, strict=True)
    }
