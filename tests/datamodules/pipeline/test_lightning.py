"""Batches: what they hold, and that they depend on seed and epoch alone."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.pipeline import pixels
from datamodules.pipeline.augmentation import Albumentations
from datamodules.pipeline.batching import Share
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.prepared.opening import open_dataset
from datamodules.prepared.preparation import prepare
from datamodules.prepared.storage import Stored
from specs.errors import UsageError
from specs.expression import parse
from specs.recipe import Recipe
from specs.recipe_parts import (
    AUGMENTATIONS,
    Adam,
    BrightnessContrast,
    Gamma,
    GridDistortion,
    HorizontalFlip,
    OneOf,
    RandomResizedCrop,
    Rotate,
    Views,
)
from specs.registry import DATASETS
from specs.run import digest

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
    opened = open_dataset(DATASETS.build(expression), expression, root, store(folder, expression), root.name)
    return ImageDataModule(
        opened, dataclasses.replace(RECIPE, **changes), seed, workers, 2 if "method" in changes else 0
    )


def store(folder: Path, expression: str) -> Path:
    """Where a dataset is prepared."""
    return folder / f"prepared-{digest(expression)[:8]}"


def epochs(module: ImageDataModule, numbers: tuple[int, ...] = (0, 1)) -> Iterator[list[dict[str, Any]]]:
    loader = module.train_dataloader()
    for number in numbers:
        loader.sampler.set_epoch(number)
        yield list(loader)


def same(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> bool:
    return len(first) == len(second) and all(
        torch.equal(a[name], b[name]) for a, b in zip(first, second, strict=True) for name in ("image", "index")
    )


@pytest.mark.parametrize("pipeline", ["albumentations", "fast", "exact"])
def test_batches_do_not_depend_on_the_number_of_threads(folder: Path, pipeline: str) -> None:
    changes = {"pipeline": pipeline, "augmentation": (RandomResizedCrop(), HorizontalFlip(), Rotate())}
    alone = list(epochs(data(folder, **changes)))
    helped = list(epochs(data(folder, workers=3, **changes)))
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
        opened = module.opened
        image = opened.dataset.read_image(opened.root, module.index_of(split)[0])  # type: ignore[arg-type]
        assert np.array_equal(batches[0]["image"][0, 0].numpy(), image)


@pytest.mark.parametrize("processes", [3, 4, 7])
def test_processes_validate_and_test_on_every_image_once_whatever_their_number(processes: int, folder: Path) -> None:
    one = data(folder, "montgomery")
    for split, count in (("validation", 7), ("test", 13)):
        found: list[int] = []
        for rank in range(processes):
            module = ImageDataModule(one.opened, one.recipe, 0, share=Share(rank, processes))
            loader = module.val_dataloader() if split == "validation" else module.test_dataloader()
            found += [number for batch in loader for number in batch["index"].tolist()]
        assert found == list(range(count))


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
        assert batch["mask"].shape == (4, 1, 24, 24)
        assert set(batch["mask"].unique().tolist()) == {0, 1}
    assert test["field_of_view"].shape == (4, 1, 24, 24)
    assert [mask.shape for mask in test["native_mask"]] == [(96, 96)] * 4
    assert "native_mask" not in train


def test_mask_and_image_are_augmented_together(folder: Path) -> None:
    image = np.random.default_rng(0).integers(0, 2, (24, 24), dtype=np.uint8)
    stored = [Stored(image * np.uint8(255), image, None, 24, 24)] * 8
    moved, masks = Albumentations(dataclasses.replace(RECIPE, augmentation=(HorizontalFlip(),)), 0)(
        stored, 0, np.arange(8)
    )
    assert masks is not None
    assert np.array_equal(moved, masks * 255)
    assert len({mask.tobytes() for mask in masks}) == 2


def test_a_last_batch_of_one_image_is_left_out(folder: Path) -> None:
    (batches,) = epochs(data(folder, batch_size=53), (0,))  # 160 = 3 x 53 + 1
    assert [len(batch["index"]) for batch in batches] == [53, 53, 53]
    (batches,) = epochs(data(folder, batch_size=52), (0,))
    assert [len(batch["index"]) for batch in batches] == [52, 52, 52, 4]


@pytest.mark.parametrize("changes", [{}, {"method": "byol"}], ids=["labels", "views"])
@pytest.mark.parametrize("workers", [0, 3])
def test_an_epoch_of_an_interval_has_that_many_full_batches_of_images_drawn_anew(
    folder: Path, changes: dict[str, Any], workers: int
) -> None:
    whole = [torch.cat([one["index"] for one in batches]) for batches in epochs(data(folder, **changes), (0, 1, 2))]
    module = data(folder, workers=workers, interval=3, **changes)
    assert len(module.train_dataloader()) == 3
    drawn = []
    for batches, order in zip(epochs(module, (0, 1, 2)), whole, strict=True):
        assert [len(batch["index"]) for batch in batches] == [32, 32, 32]
        drawn.append(torch.cat([batch["index"] for batch in batches]))
        assert torch.equal(drawn[-1], order[:96])  # the beginning of the pass of the same seed and epoch
        assert len(drawn[-1].unique()) == 96
    assert len({tuple(sorted(one.tolist())) for one in drawn}) == 3
    assert len(torch.cat(drawn).unique()) > 96


def test_an_interval_of_all_full_batches_leaves_the_smaller_last_one_out(folder: Path) -> None:
    (batches,) = epochs(data(folder, batch_size=52, interval=3), (0,))  # 160 = 3 x 52 + 4
    assert [len(batch["index"]) for batch in batches] == [52, 52, 52]


def test_validation_and_all_training_images_in_order_know_no_interval(folder: Path) -> None:
    module = data(folder, interval=1)
    assert sum(len(batch["index"]) for batch in module.val_dataloader()) == len(module.index_of("validation")) > 32
    assert sum(len(batch["index"]) for batch in module.training_images()) == 160


@pytest.mark.parametrize(("changes", "full"), [({"interval": 6}, 5), ({"interval": 1, "batch_size": 161}, 0)])
def test_an_interval_of_more_steps_than_a_pass_has_full_batches_is_refused(
    folder: Path, changes: dict[str, int], full: int
) -> None:
    message = rf"interval={changes['interval']} asks.*160 training images has {full} full batches.*smaller interval"
    with pytest.raises(UsageError, match=message):
        data(folder, **changes)


def test_a_split_too_large_for_memory_gives_the_same_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list(epochs(data(folder)))
    monkeypatch.setattr(pixels, "MEMORY_LIMIT", 0)
    with pytest.warns(UserWarning, match=r"160 train images are decoded at each epoch.*--size 24"):
        data(folder).train_dataloader()
    assert all(same(a, b) for a, b in zip(kept, epochs(data(folder)), strict=True))


def test_loading_draws_nothing_from_the_global_state(folder: Path) -> None:
    before = torch.get_rng_state()
    list(epochs(data(folder)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(24, 24), (24, 24, 3)], ids=["gray", "color"])
def test_an_augmentation_depends_on_seed_epoch_and_image_alone(name: str, shape: tuple[int, ...]) -> None:
    step = OneOf((Gamma(), GridDistortion()), p=1.0) if name == "one_of" else AUGMENTATIONS[name](p=1.0)
    recipe = dataclasses.replace(RECIPE, augmentation=(step,))
    generator = np.random.default_rng(0)
    images = [generator.integers(0, 256, shape, dtype=np.uint8) for _ in range(6)]
    stored = [Stored(image, image.reshape(24, 24, -1)[..., 0] // 128, None, 24, 24) for image in images]
    used = Albumentations(recipe, 7)
    used(stored, 0, np.arange(6))
    images_once, masks_once = Albumentations(recipe, 7)(stored[:2], 3, np.array([4, 5]))
    images_again, masks_again = used(stored[1::-1], 3, np.array([5, 4]))
    assert images_once.shape == (2, *shape)
    assert images_once.dtype == np.uint8
    assert np.array_equal(images_once, images_again[::-1])
    assert masks_once is not None
    assert masks_again is not None
    assert np.array_equal(masks_once, masks_again[::-1])
    assert set(np.unique(masks_once)) <= {0, 1}


def test_views_have_their_own_sizes_steps_and_draws(folder: Path) -> None:
    views = (Views(2, 24, (RandomResizedCrop(0.2),)), Views(1, 12, ()), Views(1, 24, (HorizontalFlip(1.0),)))
    made = data(folder, method="swav", augmentation=(), views=views)
    batch = next(iter(made.train_dataloader()))
    assert [tuple(view.shape[2:]) for view in batch["views"]] == [(24, 24), (24, 24), (12, 12), (24, 24)]
    assert not torch.equal(batch["views"][0], batch["views"][1])
    plain = {
        int(i): one for part in made.training_images() for i, one in zip(part["index"], part["image"], strict=True)
    }
    for row, number in enumerate(batch["index"].tolist()):
        assert torch.equal(batch["views"][3][row], plain[number].flip(2))


def test_images_of_the_test_split_are_seen_only_if_they_are_asked_for(folder: Path) -> None:
    usual, asked = data(folder, method="byol"), data(folder, method="byol", images="train+test")
    assert asked.index_of("train") == usual.index_of("train") + usual.index_of("test")
    assert asked.index_of("validation") == usual.index_of("validation")
    seen = [int(i) for batch in asked.training_images() for i in batch["index"]]
    assert seen == list(range(len(asked.index_of("train"))))


@pytest.mark.parametrize("pipeline", ["albumentations", "fast", "exact"])
@pytest.mark.parametrize("stored_size", [None, 40, "source"])
def test_a_prepared_dataset_gives_the_same_batches_as_its_files(
    pipeline: str, stored_size: int | str | None, folder: Path, tmp_path: Path
) -> None:
    changes = {
        "pipeline": pipeline, "stored_size": stored_size, "crop_from": 32,
        "augmentation": (RandomResizedCrop(), HorizontalFlip(), Rotate()),
    }  # fmt: skip
    written = ensure_phantom(parse("chexpert"), folder)
    shutil.copytree(written, tmp_path / written.name)
    decoded = data(tmp_path, "chexpert", **changes)
    recipe = decoded.recipe
    forms = {recipe.training_form, recipe.evaluation_form}
    prepare(decoded.opened.dataset, decoded.opened.root, store(tmp_path, "chexpert"), forms, jobs=1)
    prepared = data(tmp_path, "chexpert", **changes)
    assert prepared.opened.prepared is not None
    for path in decoded.opened.root.rglob("*.jpg"):
        path.unlink()  # so that nothing can be read but what is prepared
    fresh = [prepared.train_dataloader(), prepared.val_dataloader(), prepared.test_dataloader()]
    batches = [list(loader) for loader in fresh]
    decoded = data(folder, "chexpert", **changes)
    assert decoded.opened.prepared is None
    loaders = [decoded.train_dataloader(), decoded.val_dataloader(), decoded.test_dataloader()]
    for found, loader in zip(batches, loaders, strict=True):
        assert same(found, list(loader))


def test_evaluation_takes_the_middle_and_ten_crops_get_the_whole(folder: Path) -> None:
    whole = data(folder, image_size=28)
    middle = data(folder, image_size=24, crop_from=28)
    image = next(iter(whole.val_dataloader()))["image"]
    assert torch.equal(next(iter(middle.val_dataloader()))["image"], image[:, :, 2:26, 2:26])
    ten = data(folder, image_size=24, crop_from=28, test_time_augmentation="ten_crop")
    assert next(iter(ten.val_dataloader()))["image"].shape[2:] == (24, 24)
    assert next(iter(ten.test_dataloader()))["image"].shape[2:] == (28, 28)


def test_crops_of_images_with_masks_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="masks"):
        data(folder, "drive", crop_from=32)


def test_softened_labels_are_the_runs_own_and_stay(folder: Path) -> None:
    def targets(seed: int) -> torch.Tensor:
        (batches,) = epochs(data(folder, "chexpert", seed=seed), (0,))
        order = torch.cat([batch["index"] for batch in batches]).argsort()
        found: torch.Tensor = torch.cat([batch["target"] for batch in batches])[order]
        return found

    first, again, other = targets(0), targets(0), targets(1)
    soft = (first > 0) & (first < 1)
    assert soft.any()
    assert ((first[soft] >= 0.55) & (first[soft] <= 0.85)).all()
    assert torch.equal(first, again)
    assert (first[soft] != other[soft]).all()
    assert torch.equal(first[~soft], other[~soft])


def test_the_augmentation_library_is_not_its_successor_of_another_licence() -> None:
    assert packages_distributions()["albumentations"] == ["albumentations"]
