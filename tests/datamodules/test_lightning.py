"""Batches: what they hold, and that they depend on seed and epoch alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datamodules import lightning
from datamodules.augmentation import Augmenter
from datamodules.lightning import ImageDataModule
from datamodules.phantom import ensure_phantom
from specs.expression import parse
from specs.recipe import (
    AUGMENTATIONS,
    Adam,
    BrightnessContrast,
    HorizontalFlip,
    RandomResizedCrop,
    Recipe,
    Rotate,
)
from specs.registry import DATASETS

RECIPE = Recipe(
    image_size=24,
    batch_size=32,
    epochs=2,
    optimizer=Adam(1e-3),
    augmentation=(HorizontalFlip(), Rotate(10), RandomResizedCrop(0.5), BrightnessContrast()),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("phantoms")


def data(
    folder: Path, expression: str = "medmnist", seed: int = 0, workers: int = 0, **changes: Any
) -> ImageDataModule:
    root = ensure_phantom(parse(expression), folder)
    recipe = dataclasses.replace(RECIPE, **changes)
    return ImageDataModule(DATASETS.build(expression), root, recipe, seed, workers)


def epochs(module: ImageDataModule, numbers: tuple[int, ...] = (0, 1)) -> Iterator[list[dict[str, Any]]]:
    loader = module.train_dataloader()
    for number in numbers:
        loader.sampler.set_epoch(number)  # type: ignore[attr-defined]
        yield list(loader)


def same(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> bool:
    return len(first) == len(second) and all(
        torch.equal(a[name], b[name]) for a, b in zip(first, second, strict=True) for name in ("image", "index")
    )


def test_batches_do_not_depend_on_the_number_of_workers(folder: Path) -> None:
    alone, helped = list(epochs(data(folder))), list(epochs(data(folder, workers=2)))
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_batches_depend_on_seed_and_epoch(folder: Path) -> None:
    first, second = epochs(data(folder))
    (other,) = epochs(data(folder, seed=1), (0,))
    (again,) = epochs(data(folder), (1,))
    assert not same(first, second)
    assert not same(first, other)
    assert same(second, again)


def test_every_epoch_holds_every_image_once(folder: Path) -> None:
    for batches in epochs(data(folder)):
        assert sorted(torch.cat([batch["index"] for batch in batches]).tolist()) == list(range(160))


def test_validation_and_test_are_exactly_their_sets_without_augmentation(folder: Path) -> None:
    module = data(folder, image_size=28)
    for split, loader in (("validation", module.val_dataloader()), ("test", module.test_dataloader())):
        batches = list(loader)
        assert torch.cat([batch["index"] for batch in batches]).tolist() == list(range(len(module.index_of(split))))  # type: ignore[arg-type]
        image = module.dataset.read_image(module.root, module.index_of(split)[0])  # type: ignore[arg-type]
        assert np.array_equal(batches[0]["image"][0, 0].numpy(), image)


@pytest.mark.parametrize(
    ("expression", "channels", "shape", "dtype"),
    [
        ("medmnist", 1, (32, 1), torch.float32),
        ('medmnist("chestmnist")', 1, (32, 14), torch.float32),
        ('medmnist("bloodmnist")', 3, (32,), torch.int64),
    ],
)
def test_a_classification_batch_is_as_documented(
    expression: str, channels: int, shape: tuple[int, ...], dtype: torch.dtype, folder: Path
) -> None:
    batch = next(epochs(data(folder, expression), (0,)))[0]
    assert batch["image"].dtype == torch.uint8
    assert batch["image"].shape == (32, channels, 24, 24)
    assert (batch["target"].shape, batch["target"].dtype) == (shape, dtype)


def test_a_segmentation_batch_is_as_documented(folder: Path) -> None:
    module = data(folder, "drive", batch_size=4)
    train, test = next(epochs(module, (0,)))[0], next(iter(module.test_dataloader()))
    for batch in (train, test):
        assert batch["mask"].shape == batch["field_of_view"].shape == (4, 1, 24, 24)
        assert set(batch["mask"].unique().tolist()) == {0, 1}
    assert [mask.shape for mask in test["native_mask"]] == [(96, 96)] * 4
    assert "native_mask" not in train


def test_mask_and_image_are_augmented_together(folder: Path) -> None:
    image = np.random.default_rng(0).integers(0, 2, (24, 24), dtype=np.uint8)
    for seed in range(8):
        moved, mask = Augmenter((HorizontalFlip(),), 24)(image * 255, image, seed)
        assert mask is not None
        assert np.array_equal(moved, mask * 255)


def test_a_last_batch_of_one_image_is_left_out(folder: Path) -> None:
    (batches,) = epochs(data(folder, batch_size=53), (0,))  # 160 = 3 x 53 + 1
    assert [len(batch["index"]) for batch in batches] == [53, 53, 53]
    (batches,) = epochs(data(folder, batch_size=52), (0,))
    assert [len(batch["index"]) for batch in batches] == [52, 52, 52, 4]


def test_a_split_too_large_for_memory_gives_the_same_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list(epochs(data(folder)))
    monkeypatch.setattr(lightning, "MEMORY_LIMIT", 0)
    assert all(same(a, b) for a, b in zip(kept, epochs(data(folder)), strict=True))


def test_loading_draws_nothing_from_the_global_state(folder: Path) -> None:
    before = torch.get_rng_state()
    list(epochs(data(folder)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(24, 24), (24, 24, 3)], ids=["gray", "color"])
def test_an_augmentation_depends_on_its_seed_alone(name: str, shape: tuple[int, ...]) -> None:
    step = AUGMENTATIONS[name](p=1.0)
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    mask = (image if image.ndim == 2 else image[..., 0]) // 128
    fresh, used = Augmenter((step,), 24), Augmenter((step,), 24)
    for seed in range(3):
        used(image, mask, 100 + seed)
    first, first_mask = fresh(image, mask, 7)
    again, again_mask = used(image, mask, 7)
    assert first.shape == shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert first_mask is not None
    assert again_mask is not None
    assert np.array_equal(first_mask, again_mask)
    assert set(np.unique(first_mask)) <= {0, 1}


def test_the_augmentation_library_is_not_its_successor_of_another_licence() -> None:
    assert packages_distributions()["albumentations"] == ["albumentations"]
