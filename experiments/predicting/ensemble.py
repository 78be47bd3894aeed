"""The networks of finished fine-tunings as one: their mean probabilities of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datamodules.dataset.contract import Dataset
from datamodules.files.resampling import resize
from datamodules.pipeline.resize_crop import CenterCrop, tested_size
from datamodules.prepared.storage import Stored
from experiments.run.determinism import deterministic
from experiments.run.machine.threads import threads
from experiments.run.restored import learned_task, trained_network
from experiments.run.retesting import device
from experiments.run.store import Record
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.supervised import SupervisedModule
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import RunSpec
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Ensemble:
    """Networks that learned one task from images of one kind, each with its own seed.

    Attributes:
        records: the records of the runs.
        dataset: the dataset that they learned.
        task: the kind and the classes of what they learned.
        recipe: the recipe of the runs, whose sizes and test-time augmentation are used.
        modules: the networks in evaluation mode.
    """

    records: tuple[Record, ...]
    dataset: Dataset
    task: Task
    recipe: Recipe
    modules: tuple[SupervisedModule, ...]

    def framed(self, images: Sequence[Pixels]) -> Tensor:
        """Images as the networks take them, as a test frames them: uint8 (B, C, S, S).

        Args:
            images: the pixels of images of any size, (H, W) or (H, W, C) uint8.
        """
        size, resampling = self.recipe.evaluation_form
        assert size != "source"
        stored = [Stored(resize(one, size, resampling), None, None, *one.shape[:2]) for one in images]
        crop = CenterCrop(tested_size(self.recipe))
        pixels, _ = crop(stored, 0, np.arange(len(stored)))
        return torch.from_numpy(pixels if pixels.ndim == 4 else pixels[..., None]).permute(0, 3, 1, 2).contiguous()

    @torch.inference_mode()
    def probabilities(self, images: Tensor) -> Tensor:
        """The mean probabilities over the networks, on the CPU.

        Args:
            images: uint8 (B, C, S, S), such as ``framed`` gives.

        Returns:
            (B, K) in float64 for a classification; for a segmentation maps (B, outputs, S, S) in float32, where
            ``Task.outputs`` says how many there are.
        """
        told = [module.probabilities(images.to(module.device)).cpu() for module in self.modules]
        return told[0] if len(told) == 1 else torch.stack(told).mean(dim=0)

    @contextmanager
    def as_trained(self) -> Iterator[None]:
        """Compute in a block as the runs were tested: with the recipe's precision, threads and determinism."""
        autocast = torch.autocast(device(), torch.bfloat16, enabled=self.recipe.precision == "bf16")
        with threads(self.recipe.threads), deterministic(self.recipe), autocast:
            yield

    def masks(self, maps: Tensor, sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
        """The masks that maps of probabilities tell, at the sizes of the images: 0, or the number of a class.

        Maps are resized bilinearly before classes are told from them, as in a test.

        Args:
            maps: the probabilities, (B, outputs, S, S).
            sizes: height and width of each image in pixels.
        """
        module = self.modules[0]
        assert isinstance(module, SegmentationModule)
        return [
            module.predicted_at(one[None], size)[0, 0].numpy().astype(np.uint8)
            for one, size in zip(maps, sizes, strict=True)
        ]


def loaded(records: Sequence[Record]) -> Ensemble:
    """Load the networks of finished fine-tunings.

    Args:
        records: the records of the runs, at least one.

    Raises:
        UsageError: if they learned different tasks, or take different images.
        RunError: if the weights of a run are not there or damaged.
    """
    specs = [RunSpec.from_json(record.data["spec"]) for record in records]
    tasks = [learned_task(record) for record in records]
    forms = {(spec.recipe.evaluation_form, spec.recipe.image_size, spec.recipe.precision) for spec in specs}
    datasets = {DATASETS.short(spec.dataset, {"order"}) for spec in specs}
    if len(set(tasks)) > 1 or len(forms) > 1 or len(datasets) > 1:
        raise UsageError(
            f"the {len(records)} runs learned {len(datasets)} datasets, {len(set(tasks))} tasks and {len(forms)} sizes "
            "of images; expected one of each, which differ in their seeds. Name runs of one row and one column."
        )
    modules = tuple(trained_network(record, task).to(device()) for record, task in zip(records, tasks, strict=True))
    return Ensemble(tuple(records), DATASETS.build(specs[0].dataset), tasks[0], specs[0].recipe, modules)
