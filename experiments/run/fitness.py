"""Whether a run can be trained, select epochs and be tested on its images; checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from datamodules.dataset.contract import SPLITS, Index
from datamodules.dataset.counts import Counts, counted, unscored
from datamodules.dataset.gaps import gaps, without_foreground
from datamodules.dataset.splits import Split
from datamodules.pipeline.balance import check_balance, class_weights, drawn_classes
from datamodules.prepared.opening import OpenDataset
from experiments.run.named_decoder import check_decoder
from specs.errors import DataError, UsageError
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import RunSpec


@dataclass(frozen=True)
class Fitness:
    """What the splits of a dataset can be used for.

    Attributes:
        counts: the numbers of images, patients and findings in the splits.
        unscored: the reason why the validation split has no score, in words; None if it has one.
        empty: for a segmentation, the splits whose masks are all empty; else empty.
    """

    counts: Counts
    unscored: str | None
    empty: tuple[Split, ...]

    def check(self, spec: RunSpec) -> None:
        """Refuse a run that would train on empty masks, or select epochs or test on images that have no score.

        Raises:
            DataError: says what the images lack, and what to do.
        """
        if spec.stage == "pretrain" and spec.recipe.method is not None:
            return  # a self-supervised method uses no labels
        by_metric = spec.recipe.selection == "metric" or spec.stage == "tune"
        if by_metric and self.unscored is not None:
            raise DataError(
                f"{DATASETS.short(spec.dataset)}: the validation split has no score to select epochs by, since "
                f"{self.unscored}. Divide the images so that it shows each class and its absence, or select by the "
                "loss: --set selection=loss."
            )
        for split in self.empty:
            if split != "validation" or by_metric:  # a tuning run does not test, but the runs that it is for do
                sentence = without_foreground(split, self.counts.splits[split].whole.images)
                raise DataError(
                    f"{DATASETS.short(spec.dataset)}: {sentence}. Look whether the masks are read as they are meant, "
                    "or divide the images so that each split shows some."
                )

    def warnings(self) -> tuple[str, ...]:
        """What must be known of the splits, a sentence each."""
        return tuple(gaps(self.counts, {"foreground": dict.fromkeys(self.empty, 0.0)}))


def fitness(opened: OpenDataset, index: Index) -> Fitness:
    """What the splits of a run can be used for.

    Args:
        opened: the opened dataset of the run.
        index: the dataset's splits, in the run's fold if it has one.

    Raises:
        DataError: if a mask that has to be read is damaged.
    """
    task, empty = opened.dataset.task, list[Split]()
    if task.kind == "segmentation":
        from datamodules.prepared.foreground import shows_any

        empty = [split for split in SPLITS if not shows_any(opened, index.split(split))]
    return Fitness(counted(index, task), unscored(index.validation, task), tuple(empty))


def check_divisible(batch: int, devices: int) -> None:
    """Refuse a batch that cannot be divided among devices, each of which gets as many images.

    Args:
        batch: the number of images of a batch, over all devices together.
        devices: the number of devices that share the batch.

    Raises:
        UsageError: if devices would get different numbers of images; it names sizes that fit.
    """
    if batch % devices == 0:
        return
    fitting = [number for number in range(1, batch + 1) if batch % number == 0]
    near = [max(number for number in fitting if number < devices)]
    near += [number for number in fitting if number > devices][:1]
    raise UsageError(
        f"recipe: batch_size={batch} is over all devices together and cannot be divided among {devices} devices. Use "
        f"{' or '.join(map(str, near))}; another batch size is another run."
    )


def check_training(spec: RunSpec, opened: OpenDataset, index: Index) -> None:
    """Refuse a run whose recipe does not fit its network, or its training images.

    Raises:
        UsageError: if the recipe has to be another.
        DataError: if training images have to be others.
    """
    check_decoder(spec)
    _check_batches(spec, opened, index)
    _check_classes(spec, opened, index)


def _check_batches(spec: RunSpec, opened: OpenDataset, index: Index) -> None:
    """Refuse a run that would train on batches of a single image if its network cannot be trained on one.

    Batch norm cannot estimate a variance from one value per channel. A last batch of one image is left out of each
    epoch, so this concerns recipes with ``batch_size=1`` and training splits of one image.

    Raises:
        UsageError: if the recipe's batch size is 1.
        DataError: if the training split has a single image.
    """
    recipe = spec.recipe
    images = len(index.train) + (len(index.test) if recipe.images == "train+test" else 0)
    if (recipe.batch_size > 1 and images > 1) or (spec.fold is None and not images):
        return
    from experiments.run.batch_statistics import trains_on_one

    if not trains_on_one(spec.backbone, opened.dataset.task, opened.dataset.channels, recipe):
        _refuse(spec, recipe, images)


def _check_classes(spec: RunSpec, opened: OpenDataset, index: Index) -> None:
    """Refuse a recipe that balances classes where the task has none of the kind, or a class is never shown.

    Raises:
        UsageError: if the recipe's balance does not go with the task.
        DataError: if a class that has to be made up for is shown by no training image.
    """
    recipe, dataset = spec.recipe, opened.dataset
    if recipe.class_weights == "none" and recipe.sampling == "shuffled":
        return
    check_balance(recipe, dataset.kind)
    targets = [dataset.training_target(sample, spec.seed) for sample in index.train]
    if recipe.class_weights != "none":
        class_weights(dataset.task, targets)
    else:
        drawn_classes(dataset.task, targets)


def _refuse(spec: RunSpec, recipe: Recipe, images: int) -> NoReturn:
    network = spec.backbone.name + (" with its decoder" if DATASETS.build(spec.dataset).kind == "segmentation" else "")
    why = (
        f"the batch norm of {network} cannot estimate a variance from a single image of "
        f"{recipe.image_size} x {recipe.image_size} pixels"
    )
    if images == 1:
        raise DataError(
            f"{DATASETS.short(spec.dataset)}: the train split has one image, and {why}. Add images, or divide them "
            "otherwise."
        )
    raise UsageError(f"recipe: batch_size=1 trains on one image at a time, and {why}. Give --set batch_size=2 or more.")
