"""The LightningDataModule of every dataset.

Images stay uint8 and grayscale ones of one channel until they are on the device. The order of an epoch and every
sample's augmentation are drawn from (seed, epoch, sample), so nothing depends on how many threads load them.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytorch_lightning as pl
import torch

from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.pipeline.augmentation import Albumentations
from datamodules.pipeline.balance import check_balance, class_weights, drawn_classes
from datamodules.pipeline.batching import Batch, BatchLoader, EpochSampler, Share
from datamodules.pipeline.crops import ExactCrops, FastCrops
from datamodules.pipeline.per_channel import PerChannel
from datamodules.pipeline.pixels import Images, images_of
from datamodules.pipeline.resize_crop import AsStored, BatchTransform, CenterCrop, tested_size
from datamodules.prepared.opening import OpenDataset
from specs.errors import UsageError
from specs.recipe import Recipe


class ImageDataModule(pl.LightningDataModule):
    """Serves a dataset's splits in batches.

    A batch is a dictionary: ``image`` uint8 (B, C, H, W); ``index`` int64 (B,), the place in the split;
    ``target`` float32 (B, K) with NaN where a label is missing (multilabel, binary) or int64 (B,) (multiclass);
    for segmentation ``mask`` uint8 (B, 1, H, W) of numbers of classes, 0 for the background and ``IGNORED`` where
    nobody said what is there, and in the test split ``field_of_view`` of the same shape in {0, 1},
    ``native_mask`` and ``native_field_of_view``, lists of uint8 (h, w). H and W are the recipe's image size, but
    ``crop_from`` in a test with ten crops, which are taken on the device.

    Args:
        opened: the dataset that is served.
        recipe: the recipe, which gives sizes, batch size and augmentation.
        seed: the seed of the order of images, of augmentation and of softened labels.
        threads: how many threads make batches; the batches do not depend on it.
        views: how many views are made of each training image for self-supervised learning; 0 for learning from labels.
        share: the part of each batch that this process serves; whatever goes through the training images in order has
            them whole in every process.

    Raises:
        UsageError: if the recipe's crops or balance do not go with the task, a pass has fewer full batches than its
            interval, or a batch or split has too few images for all processes.
    """

    def __init__(
        self,
        opened: OpenDataset,
        recipe: Recipe,
        seed: int,
        threads: int = 0,
        views: int = 0,
        share: Share = Share(),  # noqa: B008 (it cannot change)
    ) -> None:
        super().__init__()
        self.views, self.share = views, share
        cv2.setNumThreads(0)  # one image is too little work to share; batches are shared among threads
        if recipe.images == "train+test":
            index = opened.index
            opened = dataclasses.replace(opened, index=dataclasses.replace(index, train=index.train + index.test))
        self.opened, self.recipe, self.seed, self.threads = opened, recipe, seed, threads
        self.task, self.channels = opened.dataset.task, opened.dataset.channels
        if self.task.kind == "segmentation" and not views and (recipe.crop_from or recipe.pipeline != "albumentations"):
            raise UsageError(
                f"recipe: crop_from and pipeline=\"{recipe.pipeline}\" are for classification, and "
                f"{type(opened.dataset).__name__} has masks. Leave them out."
            )  # fmt: skip

        if not views:
            check_balance(recipe, self.task.kind)

        # All splits are opened at once, so that preparing the dataset anew meanwhile does not end a run.
        form, later = recipe.training_form, recipe.evaluation_form
        self._images: dict[Split, Images] = {
            "train": images_of(opened, "train", form),
            "validation": images_of(opened, "validation", later),
            "test": images_of(opened, "test", later),
        }
        images, interval = len(self._images["train"]), recipe.interval
        if interval is not None and interval > (full := images // recipe.batch_size):
            raise UsageError(
                f"recipe: interval={interval} asks for {interval} optimizer steps between validations, and a pass over "
                f"the {images} training images has {full} full batches of {recipe.batch_size}. Give a smaller interval "
                "or batch size, or interval=None for a whole pass."
            )
        if share.processes > 1:
            self._check_shares()

    def index_of(self, split: Split) -> tuple[Sample, ...]:
        """The samples of a split, in the order of ``index``."""
        return self.opened.index.split(split)

    def targets_of(self, split: Split) -> list[tuple[float, ...]]:
        """The target of each image of a split, in order; those of training as the run trains on them."""
        dataset, samples = self.opened.dataset, self.index_of(split)
        return [dataset.training_target(one, self.seed) if split == "train" else one.target for one in samples]

    @property
    def class_weights(self) -> tuple[float, ...] | None:
        """The weights of the classes in the loss, (K,); None where the recipe has none.

        Raises:
            DataError: if a class is shown by no training image or, of yes and no, by all.
        """
        balanced = self.recipe.class_weights == "balanced"
        return class_weights(self.task, self.targets_of("train")) if balanced else None

    def train_dataloader(self) -> BatchLoader:
        """The training split in a new order each epoch, augmented; a last batch of one image is left out.

        With an interval, an epoch is as many full batches. With views, a batch has ``views``, a list of uint8
        (B, C, H, W) whose sizes may differ, instead of ``image``, and a last batch that is smaller than the others is
        left out.
        """
        images = self._images["train"]
        if self.views:
            made = _Views(
                images, [PerChannel(Albumentations(one, self.seed, view)) for view, one in enumerate(self._each_view())]
            )
            short = len(images) > self.recipe.batch_size
            return self._shuffled(made, short)
        make = _Maker(self, "train", images, self._augmentation())
        # Batch norm has no variance to estimate from a single image.
        lonely = len(images) % self.recipe.batch_size == 1 and len(images) > 1
        return self._shuffled(make, lonely)

    def training_images(self, most: int | None = None) -> BatchLoader:
        """The training split in order and whole, brought to the image size.

        Args:
            most: how many images there are at most, evenly spread over the split; None: all.
        """
        images = self._images["train"]
        make = _Maker(self, "train", images, AsStored(self.recipe.image_size, self.recipe.resampling))
        every = 1 if most is None else -(-len(images) // most)
        return BatchLoader(make, EpochSampler(len(images), None, every), self.recipe.batch_size, False, self.threads)

    def val_dataloader(self) -> BatchLoader:
        """The validation split in order."""
        return self._in_order("validation", CenterCrop(self.recipe.image_size))

    def test_dataloader(self) -> BatchLoader:
        """The test split in order; whole images if the device takes crops out of them."""
        return self._in_order("test", self._test_framing())

    def validation_as_tested(self) -> BatchLoader:
        """The validation split of a classification in order, framed as a test frames images."""
        return self._in_order("validation", self._test_framing())

    def predict_dataloader(self) -> BatchLoader:
        """The test split, for ``trainer.predict``."""
        return self.test_dataloader()

    def test_batch(self, numbers: list[int]) -> Batch:
        """Some images of the test split, by their places in it, as a batch of ``test_dataloader``."""
        return _Maker(self, "test", self._images["test"], self._test_framing())(0, numbers)

    def _test_framing(self) -> CenterCrop:
        return CenterCrop(tested_size(self.recipe))

    def _each_view(self) -> list[Recipe]:
        """A recipe for each view, with the view's size and steps as the recipe's own."""
        if not self.recipe.views:
            return [self.recipe] * self.views
        return [
            dataclasses.replace(self.recipe, image_size=one.image_size, augmentation=one.augmentation, views=())
            for one in self.recipe.views
            for _ in range(one.count)
        ]

    def _augmentation(self) -> BatchTransform:
        recipe = self.recipe
        if not recipe.augmentation:
            return AsStored(recipe.image_size, recipe.resampling)
        if recipe.pipeline == "albumentations":
            return PerChannel(Albumentations(recipe, self.seed))
        steps, size = recipe.crop_steps(), recipe.image_size
        if recipe.pipeline == "exact":
            return PerChannel(ExactCrops(steps, size, self.seed))
        # The draws of a whole epoch can be made at its start where each image is taken once.
        once = recipe.sampling == "shuffled"
        return PerChannel(FastCrops(steps, size, self.seed, self._images["train"].extents if once else None))

    def _check_shares(self) -> None:
        """Refuse batches and splits that the processes cannot share so that each has enough images.

        Raises:
            UsageError: names the batch or split.
        """
        processes, least = self.share.processes, self.share.least
        for length in dict.fromkeys(self.train_dataloader().lengths()):
            if self.views and length % processes:
                raise UsageError(
                    f"a batch of {length} images, which a self-supervised method compares with each other, cannot be "
                    f"divided among {processes} devices. Use another number of devices."
                )
            if length // processes < least:
                why = "; batch norm estimates its statistics from them" if least > 1 else ""
                raise UsageError(
                    f"a training batch has {length} images, and each of {processes} devices needs at least {least}"
                    f"{why}. Use fewer devices. (An interval leaves a smaller last batch out, but is another run.)"
                )
        for split in ("validation", "test"):
            if len(self._images[split]) < processes:
                raise UsageError(
                    f"the {split} split has {len(self._images[split])} images for {processes} devices, and each needs "
                    "one. Use fewer devices."
                )

    def _shuffled(self, make: _Views | _Maker, drop_last: bool) -> BatchLoader:
        recipe, classes = self.recipe, None
        if recipe.sampling == "balanced":
            classes = drawn_classes(self.task, self.targets_of("train"))
        order = EpochSampler(len(self._images["train"]), self.seed, classes=classes)
        return BatchLoader(make, order, recipe.batch_size, drop_last, self.threads, recipe.interval, self.share)

    def _in_order(self, split: Split, augmentation: BatchTransform) -> BatchLoader:
        images = self._images[split]
        make = _Maker(self, split, images, augmentation)
        return BatchLoader(
            make, EpochSampler(len(images), None), self.recipe.batch_size, False, self.threads, share=self.share
        )


class _Views:
    """Makes batches of several views of the same images."""

    def __init__(self, images: Images, augmentations: list[PerChannel]) -> None:
        self._images, self._augmentations = images, augmentations

    def __call__(self, epoch: int, numbers: list[int]) -> Batch:
        stored, places = self._images.read(numbers), np.array(numbers)
        made = [augmentation(stored, epoch, places)[0] for augmentation in self._augmentations]
        pixels = [torch.from_numpy(one if one.ndim == 4 else one[..., None]) for one in made]
        views = [one.permute(0, 3, 1, 2).contiguous() for one in pixels]
        return {"views": views, "index": torch.from_numpy(places)}


class _Maker:
    """Makes the batches of one split."""

    def __init__(self, data: ImageDataModule, split: Split, images: Images, augmentation: BatchTransform) -> None:
        self._opened, self._split, self._images, self._augmentation = data.opened, split, images, augmentation
        self._kind = data.task.kind
        targets = data.targets_of(split)
        self._targets = None
        if self._kind == "multiclass":
            self._targets = torch.tensor([int(target[0]) for target in targets])
        elif self._kind != "segmentation":
            self._targets = torch.tensor(targets, dtype=torch.float32)

    def __call__(self, epoch: int, numbers: list[int]) -> Batch:
        draws = np.array(numbers)  # a sample that an epoch draws again has a further number, ``EpochSampler``
        places = draws % len(self._images)
        stored = self._images.read(places.tolist())
        images, masks = self._augmentation(stored, epoch, draws)
        index = torch.from_numpy(places)
        pixels = torch.from_numpy(images if images.ndim == 4 else images[..., None])
        batch: Batch = {"image": pixels.permute(0, 3, 1, 2).contiguous(), "index": index}
        if self._targets is not None:
            batch["target"] = self._targets[index]
        if masks is not None:
            batch["mask"] = torch.from_numpy(masks)[:, None]
        if self._kind == "segmentation" and self._split == "test":
            views = [np.ones(one.image.shape[:2], np.uint8) if one.view is None else one.view for one in stored]
            batch |= {"field_of_view": torch.from_numpy(np.stack(views))[:, None]} | self._native(numbers)
        return batch

    def _native(self, numbers: list[int]) -> Batch:
        """Masks and fields of view in the size of their files; they are read anew, since a test is done once."""
        dataset, root, samples = self._opened.dataset, self._opened.root, self._opened.index.split(self._split)
        masks = [dataset.read_mask(root, samples[number]) for number in numbers]
        views = [dataset.read_field_of_view(root, samples[number]) for number in numbers]
        if (prepared := self._opened.prepared) is not None:
            for number, mask, view in zip(numbers, masks, views, strict=True):
                prepared.check_unchanged(samples[number], None, mask, view, type(dataset).__name__)
        whole = [np.ones_like(mask) if view is None else view for mask, view in zip(masks, views, strict=True)]
        return {
            "native_mask": [torch.from_numpy(mask) for mask in masks],
            "native_field_of_view": [torch.from_numpy(view) for view in whole],
        }
