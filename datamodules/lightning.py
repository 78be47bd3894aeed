"""The LightningDataModule of every dataset.

Images stay uint8 until they are on the device. The order of an epoch and every sample's augmentation are drawn from
(seed, epoch, sample), so nothing depends on how many workers load them.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Sampler
from torch.utils.data import Dataset as TorchDataset

from datamodules.augmentation import Augmenter
from datamodules.contract import Dataset, Index, Sample, Split
from specs.recipe import Recipe
from specs.run import digest

MEMORY_LIMIT = 512 * 2**20
"""Bytes of resized images of one split that are kept in memory; larger splits are decoded each time."""

Pixels = NDArray[np.uint8]
Item = dict[str, Any]


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields (epoch, sample) pairs in an order drawn from seed and epoch; Lightning calls ``set_epoch``.

    Args:
        length: number of samples.
        seed: of the run.
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        generator = torch.Generator().manual_seed(int(digest([self.seed, "order", self.epoch])[:15], 16))
        for number in torch.randperm(self.length, generator=generator).tolist():
            yield self.epoch, number


class ImageItems(TorchDataset[Item]):
    """One split of a dataset at the network's size.

    Args:
        dataset: reads the files.
        root: where they are.
        samples: the split.
        size: height and width of the items, in pixels.
        augmenter: applied to each item, or None.
        seed: of the augmentation.
        native: whether masks are given at their native size too.
    """

    def __init__(
        self,
        dataset: Dataset,
        root: Path,
        samples: tuple[Sample, ...],
        size: int,
        augmenter: Augmenter | None,
        seed: int,
        native: bool,
    ) -> None:
        self.dataset, self.root, self.samples, self.size = dataset, root, samples, size
        self.augmenter, self.seed, self.native = augmenter, seed, native
        self._kept: list[Item | None] | None = None
        if len(samples) * size * size * (dataset.channels + 2) <= MEMORY_LIMIT:
            self._kept = [None] * len(samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, place: tuple[int, int]) -> Item:
        epoch, number = place
        item = dict(self._read(number))
        image, mask = item.pop("image"), item.pop("mask", None)
        if self.augmenter is not None:
            image, mask = self.augmenter(image, mask, int(digest([self.seed, "augment", epoch, number])[:8], 16))
        item["image"] = torch.from_numpy(np.ascontiguousarray(image if image.ndim == 3 else image[..., None]))
        item["image"] = item["image"].permute(2, 0, 1)
        if mask is not None:
            item["mask"] = torch.from_numpy(np.ascontiguousarray(mask))[None]
        return item | {"index": number}

    def _read(self, number: int) -> Item:
        if self._kept is None:
            return self._decode(number)
        kept = self._kept[number]
        if kept is None:
            kept = self._kept[number] = self._decode(number)
        return kept

    def _decode(self, number: int) -> Item:
        sample = self.samples[number]
        item: Item = {"image": _resize(self.dataset.read_image(self.root, sample), self.size)}
        kind = self.dataset.task.kind
        if kind == "segmentation":
            mask = self.dataset.read_mask(self.root, sample)
            view = self.dataset.read_field_of_view(self.root, sample)
            view = np.ones_like(mask) if view is None else view
            item["mask"] = _resize_mask(mask, self.size)
            item["field_of_view"] = torch.from_numpy(_resize_mask(view, self.size))[None]
            if self.native:
                item |= {"native_mask": torch.from_numpy(mask), "native_field_of_view": torch.from_numpy(view)}
        elif kind == "multiclass":
            item["target"] = torch.tensor(int(sample.target[0]))
        else:
            item["target"] = torch.tensor(sample.target, dtype=torch.float32)
        return item


def _resize(image: Pixels, size: int) -> Pixels:
    """The image at the network's size: area averages where it shrinks, bilinear where it grows."""
    if image.shape[:2] == (size, size):
        return image
    shrinks = min(image.shape[:2]) > size
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)  # type: ignore[return-value]


def _resize_mask(mask: Pixels, size: int) -> Pixels:
    """The mask at the network's size, by nearest neighbour, so that its values stay 0 and 1."""
    return cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)  # type: ignore[return-value]


def collate(items: list[Item]) -> Item:
    """Stack the items' tensors; masks of native size stay a list, since their sizes differ."""
    batch: Item = {}
    for name in items[0]:
        values = [item[name] for item in items]
        if name == "index":
            batch[name] = torch.tensor(values)
        else:
            batch[name] = values if name.startswith("native_") else torch.stack(values)
    return batch


class ImageDataModule(pl.LightningDataModule):
    """Serves a dataset's splits in batches.

    A batch is a dictionary: ``image`` uint8 (B, C, H, W); ``index`` int64 (B,), the place in the split;
    ``target`` float32 (B, K) with NaN where a label is missing (multilabel, binary) or int64 (B,) (multiclass);
    for segmentation ``mask`` and ``field_of_view`` uint8 (B, 1, H, W) in {0, 1}, and in the test split
    ``native_mask`` and ``native_field_of_view``, lists of uint8 (h, w).

    Args:
        dataset: what is served.
        root: where its files are.
        recipe: gives image size, batch size and augmentation.
        seed: of order and augmentation.
        workers: loader processes; the batches do not depend on them.

    Raises:
        DataError: if the files are not there or damaged, or two splits share a patient.
    """

    def __init__(self, dataset: Dataset, root: Path, recipe: Recipe, seed: int, workers: int = 0) -> None:
        super().__init__()
        self.dataset, self.root, self.recipe, self.seed, self.workers = dataset, root, recipe, seed, workers
        self.index: Index = dataset.index(root)
        self.index.check(type(dataset).__name__)
        self.task, self.channels = dataset.task, dataset.channels

    def index_of(self, split: Split) -> tuple[Sample, ...]:
        """The samples of a split, in the order of ``index``."""
        return self.index.split(split)

    def train_dataloader(self) -> DataLoader[Item]:
        """The training split in a new order each epoch, augmented; a last batch of one image is left out."""
        augmenter = Augmenter(self.recipe.augmentation, self.recipe.image_size) if self.recipe.augmentation else None
        items = self._items("train", augmenter)
        sampler = EpochSampler(len(items), self.seed)
        # Batch norm has no variance to estimate from a single image.
        lonely = len(items) % self.recipe.batch_size == 1 and len(items) > 1
        return self._loader(items, sampler, drop_last=lonely)

    def val_dataloader(self) -> DataLoader[Item]:
        """The validation split in order."""
        return self._in_order("validation")

    def test_dataloader(self) -> DataLoader[Item]:
        """The test split in order."""
        return self._in_order("test")

    def _in_order(self, split: Split) -> DataLoader[Item]:
        items = self._items(split, None)
        return self._loader(items, [(0, number) for number in range(len(items))], drop_last=False)

    def _items(self, split: Split, augmenter: Augmenter | None) -> ImageItems:
        samples = self.index_of(split)
        size, native = self.recipe.image_size, split == "test"
        return ImageItems(self.dataset, self.root, samples, size, augmenter, self.seed, native)

    def _loader(self, items: ImageItems, sampler: Any, drop_last: bool) -> DataLoader[Item]:
        methods = multiprocessing.get_all_start_methods()
        return DataLoader(
            items,
            batch_size=self.recipe.batch_size,
            sampler=sampler,
            drop_last=drop_last,
            collate_fn=collate,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            # Forking deadlocks once torch has run.
            multiprocessing_context=("forkserver" if "forkserver" in methods else "spawn") if self.workers else None,
            # Its own, so that loading draws nothing from the global state.
            generator=torch.Generator().manual_seed(0),
        )
