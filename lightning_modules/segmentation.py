"""Segmentation: a U-Net over the backbone's feature maps, with one foreground class."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from segmentation_models_pytorch.base.initialization import initialize_head  # type: ignore[import-untyped]
from torch import Tensor, nn

from backbones.contract import Backbone
from lightning_modules.metrics import confusion, dice
from lightning_modules.ranks import gather
from lightning_modules.task_module import Batch, TaskModule
from lightning_modules.unet import UNet
from specs.card import Normalization
from specs.errors import RunError, UsageError
from specs.recipe import Recipe
from specs.task import Task

CELLS = ("tp", "fp", "fn", "tn")
THRESHOLD = 0.5
MOST_EXAMPLES = 16


class SegmentationModule(TaskModule):
    """Binary segmentation; ``validation_metric`` is the mean Dice over whole images at network size.

    A pixel is foreground if its probability is above 0.5; an empty prediction of an empty mask scores 1.

    Batches are dictionaries: ``image`` uint8 (B, C, H, W); ``index`` int64 (B,), the sample's number in its split;
    ``mask`` and ``field_of_view`` uint8 (B, 1, H, W) with values 0 and 1; in the test split also ``native_mask`` and
    ``native_field_of_view``, lists of B uint8 tensors (h, w) of the images' own sizes.

    Args and errors: see ``TaskModule``; other tasks, and backbones that no decoder fits, are refused.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        if task.kind != "segmentation":
            raise UsageError(f"a {task.kind} task was given to SegmentationModule; use ClassificationModule.")
        if backbone.decoder != "unet":
            raise UsageError(
                f"no segmentation decoder fits the backbone {type(backbone.network).__name__}: its feature maps are "
                f"not a pyramid (strides {[stage.stride for stage in backbone.stages]}). Expected a backbone with a U-Net "
                "decoder; choose a convolutional or hierarchical one, such as resnet50."
            )
        super().__init__(backbone, task, recipe, normalization)
        self.decoder = UNet(backbone.stages)
        self.dropout = nn.Dropout2d(recipe.dropout)
        self.head = nn.Conv2d(self.decoder.width, 1, kernel_size=3, padding=1)
        initialize_head(self.head)
        self._examples: list[dict[str, Tensor]] = []
        self._gathered_examples: dict[str, Tensor] | None = None

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, 1, H, W), float32, of images uint8 (B, C, H, W)."""
        x = self.normalize(image)
        decoded = self.dropout(self.decoder(x, self.backbone.features(x)))
        with torch.autocast(decoded.device.type, enabled=False):
            logits: Tensor = self.head(decoded.float())
        return logits

    def target(self, batch: Batch) -> Tensor:
        """See ``TaskModule``."""
        mask: Tensor = batch["mask"]
        return mask

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Record the loss's statistics and the counts of pixels."""
        logits = self(batch["image"])
        self.record(
            batch,
            logits,
            statistics=self.loss.statistics(logits, batch["mask"]),
            counts=confusion(logits.sigmoid() > THRESHOLD, batch["mask"] > 0),
        )

    def validation_metric(self, rows: dict[str, Tensor]) -> float:
        """See ``TaskModule``: the mean Dice over images."""
        return float(dice(rows["counts"]).mean())

    def on_test_epoch_start(self) -> None:
        """Begin an epoch's rows and examples."""
        super().on_test_epoch_start()
        self._examples, self._gathered_examples = [], None

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Record the counts of pixels, under the recipe's test-time augmentation, and the first examples."""
        logits = self(batch["image"])
        probability = logits.sigmoid()
        if self.recipe.test_time_augmentation == "flip":
            mirrored = self(batch["image"].flip(-1))
            probability = (probability + mirrored.sigmoid().flip(-1)) / 2
        predicted, mask, fov = probability > THRESHOLD, batch["mask"] > 0, batch["field_of_view"] > 0
        native = [
            _native_confusion(*one)
            for one in zip(probability, batch["native_mask"], batch["native_field_of_view"], strict=True)
        ]
        self.record(
            batch,
            logits,
            network_whole=confusion(predicted, mask),
            network_fov=confusion(predicted, mask, fov),
            native_whole=torch.cat([whole for whole, _ in native]),
            native_fov=torch.cat([inside for _, inside in native]),
        )
        early = batch["index"] < MOST_EXAMPLES
        if early.any():
            shown = {"index": batch["index"], "image": batch["image"], "mask": batch["mask"]}
            shown["probability"] = (probability * 255).round().to(torch.uint8)
            self._examples.append({name: column[early].cpu() for name, column in shown.items()})

    def on_test_epoch_end(self) -> None:
        """Gather the rows and the examples."""
        super().on_test_epoch_end()
        self._gathered_examples, self._examples = gather(self._examples), []

    def test_rows(self) -> dict[str, NDArray[np.int64]]:
        """The last test's counts of pixels, one row per sample, sorted by ``index``.

        Returns:
            int64 (N,) each: ``index`` and ``SIZE_REGION_CELL`` with SIZE ``network`` (as the network sees the image) or
            ``native`` (the probability map resized bilinearly to the image's own size, then thresholded), REGION
            ``whole`` or ``fov`` (inside the field of view), CELL ``tp``, ``fp``, ``fn`` or ``tn``.

        Raises:
            RunError: if nothing was tested.
        """
        rows = self.tested()
        found = {"index": np.asarray(rows["index"])}
        for size in ("network", "native"):
            for region in ("whole", "fov"):
                for number, cell in enumerate(CELLS):
                    found[f"{size}_{region}_{cell}"] = np.asarray(rows[f"{size}_{region}"][:, number])
        return found

    def test_examples(self, n: int = 4) -> dict[int, dict[str, NDArray[np.uint8]]]:
        """The first images of the last test with their probability maps, at network size, for reports.

        Args:
            n: how many, at most 16.

        Returns:
            By sample index: ``image`` (C, H, W), ``mask`` (H, W) with 0 and 1, ``probability`` (H, W) in 0..255; uint8.

        Raises:
            RunError: if nothing was tested.
            ValueError: if more are asked for than are kept.
        """
        if not 0 <= n <= MOST_EXAMPLES:
            raise ValueError(f"a test keeps {MOST_EXAMPLES} examples, asked for {n}")
        kept = self._gathered_examples
        if kept is None:
            raise RunError("the module has not been tested. Expected trainer.test(module, ...) before its examples.")
        columns = {name: np.asarray(column) for name, column in kept.items()}
        return {
            int(columns["index"][row]): {
                "image": columns["image"][row],
                "mask": columns["mask"][row, 0],
                "probability": columns["probability"][row, 0],
            }
            for row in range(min(n, len(columns.get("index", ()))))
        }


def _native_confusion(probability: Tensor, mask: Tensor, fov: Tensor) -> tuple[Tensor, Tensor]:
    """Counts (1, 4) of one image at its own size, whole and in the field of view.

    Args:
        probability: (1, H, W) at network size.
        mask: (h, w), 0 or 1.
        fov: (h, w), 0 or 1.
    """
    resized = F.interpolate(probability[None], size=mask.shape, mode="bilinear", align_corners=False)[0]
    predicted, truth, inside = resized > THRESHOLD, mask[None] > 0, fov[None] > 0
    return confusion(predicted, truth), confusion(predicted, truth, inside)
