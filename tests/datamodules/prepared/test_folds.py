"""A dataset in folds: each patient is tested on once, and in a fold no patient is in two splits."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from datamodules.chexpert import CLASSES, CheXpert
from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.sample import Sample
from datamodules.folder import Folder
from datamodules.medmnist import MedMNIST
from datamodules.montgomery import Montgomery
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.planted import Planted
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset, open_dataset, without_test
from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import ACCEPTED, find_problems, write_problems
from specs.errors import UsageError
from specs.fold import Fold, folds_of
from specs.recipe import Form, Recipe
from specs.recipe_parts import Adam


def pooled(dataset: Dataset, samples: tuple[Sample, ...]) -> OpenDataset:
    """An open dataset of these samples, all of which its own splits leave to the folds."""
    return OpenDataset(dataset, Path(), Index(samples, (), (), pool=samples))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, OpenDataset]:
    """Phantom editions of a few kinds, by name."""
    found = {"planted": (Planted(world="domain"), Path())}
    for name, dataset in {"medmnist": MedMNIST(), "montgomery": Montgomery()}.items():
        root = tmp_path_factory.mktemp(name)
        dataset.write_phantom(root)
        found[name] = dataset, root
    empty = tmp_path_factory.mktemp("empty")
    return {name: open_dataset(of, name, root, empty, "drawn") for name, (of, root) in found.items()}


@pytest.mark.parametrize("name", ["planted", "medmnist", "montgomery"])
def test_every_patient_is_tested_once_and_is_in_one_split_of_each_fold(
    opened: dict[str, OpenDataset], name: str
) -> None:
    whole, folds = opened[name], [in_fold(opened[name], fold).index for fold in folds_of(5)]
    everyone = Counter(sample.id for split in SPLITS for sample in whole.index.split(split))
    assert Counter(sample.id for fold in folds for sample in fold.test) == everyone
    for number, fold in enumerate(folds):
        fold.check(name)
        assert Counter(sample.id for split in SPLITS for sample in fold.split(split)) == everyone
        assert fold.validation == folds[(number + 1) % 5].test
    tested = [{sample.patient for sample in fold.test} for fold in folds]
    assert sum(map(len, tested)) == len(set.union(*tested))


def test_the_order_of_the_samples_changes_nothing() -> None:
    samples = tuple(Sample(str(n), f"p{n // 2}", (float(n % 3 == 0),), "") for n in range(60))
    one, other = (in_fold(pooled(Planted(world="domain"), of), Fold(0, 3)).index for of in (samples, samples[::-1]))
    assert one == other


def test_a_run_that_tunes_in_a_fold_has_no_image_of_its_test_fold(opened: dict[str, OpenDataset]) -> None:
    fold = in_fold(opened["medmnist"], Fold(2, 5)).index
    tuned = without_test(in_fold(opened["medmnist"], Fold(2, 5))).index
    seen = {sample for split in SPLITS for sample in tuned.split(split)} | set(tuned.pool)
    assert tuned.test == tuned.validation == fold.validation
    assert not seen & set(fold.test)
    assert without_test(opened["medmnist"]).index.pool == ()


def test_a_fraction_is_one_of_the_patients_that_train_in_the_fold_and_smaller_ones_are_parts_of_larger_ones(
    opened: dict[str, OpenDataset],
) -> None:
    whole = opened["medmnist"]
    shares = [
        in_fold(
            dataclasses.replace(whole, dataset=dataclasses.replace(whole.dataset, fraction=share)), Fold(0, 4)
        ).index
        for share in (0.1, 0.5, 1.0)
    ]
    tenth, half, all_of_it = (set(index.train) for index in shares)
    assert tenth < half < all_of_it
    assert (len(tenth), len(half)) == (round(0.1 * len(all_of_it)), round(0.5 * len(all_of_it)))
    assert len({(index.test, index.validation) for index in shares}) == 1


def test_the_pool_is_whole_whatever_the_fraction_and_none_of_it_is_left_in_a_fold(
    opened: dict[str, OpenDataset],
) -> None:
    whole = opened["medmnist"]
    small = dataclasses.replace(whole.dataset, fraction=0.1).index(whole.root)
    assert len(small.train) < len(whole.index.train)
    assert small.pool == whole.index.pool
    assert in_fold(whole, Fold(0, 3)).index.pool == ()


def test_uncertain_labels_are_softened_where_a_patient_trains_and_masked_where_it_is_tested() -> None:
    def labels(number: int) -> tuple[float, ...]:
        return tuple([-1.0 if number % 4 == 3 else float(number % 2)] * len(CLASSES))

    samples = tuple(Sample(f"{n:02d}", f"p{n:02d}", labels(n), "") for n in range(48))
    index = in_fold(pooled(CheXpert(), samples), Fold(0, 3)).index
    uncertain = {sample.id for sample in samples if -1 in sample.target}
    for split in SPLITS:
        values = {value for one in index.split(split) if one.id in uncertain for value in one.target}
        assert values == {-1.0} if split == "train" else all(map(math.isnan, values)) and values


def test_images_that_are_there_twice_are_in_one_fold_alone_and_those_of_two_labels_in_none(tmp_path: Path) -> None:
    root, draws = tmp_path / "films", np.random.default_rng(0)
    (root / "images").mkdir(parents=True)
    lines = ["image,ill,split"]
    for number in range(30):
        cv2.imwrite(str(root / "images" / f"{number:02d}.png"), draws.integers(0, 256, (8, 8), np.uint8))
        lines.append(
            f"images/{number:02d}.png,{number % 2},{'train' if number < 12 else 'val' if number < 18 else 'test'}"
        )
    for one, other in ((28, 26), (29, 24), (11, 13)):  # of one label, of two, and of one in train and validation
        (root / "images" / f"{one}.png").write_bytes((root / "images" / f"{other}.png").read_bytes())
    (root / "labels.csv").write_text("\n".join(lines) + "\n")
    dataset, cache = Folder(path=str(root), classes=("ill",), split="split"), tmp_path / "cache"
    prepared = prepare(dataset, root, cache, [Form(8)], jobs=1)
    write_problems(find_problems(dataset, root, dataset.index(root), prepared), cache / ACCEPTED)
    opened = open_dataset(dataset, "films", root, cache)
    own = {Path(sample.id).stem for split in SPLITS for sample in opened.index.split(split)}
    assert own == {f"{number:02d}" for number in range(30)} - {"11"}  # a test split is its publishers'
    tested = Counter(Path(one.id).stem for fold in folds_of(3) for one in in_fold(opened, fold).index.test)
    assert tested == dict.fromkeys(own - {"28", "29", "24"}, 1)


def test_prepared_images_of_every_split_are_served_in_a_fold(tmp_path: Path) -> None:
    dataset, root, cache = Montgomery(), tmp_path / "data", tmp_path / "cache"
    dataset.write_phantom(root)
    prepare(dataset, root, cache, [Form(16)], jobs=1)
    plain, stored = (open_dataset(dataset, "montgomery", root, of, "drawn") for of in (tmp_path / "none", cache))
    assert stored.prepared is not None
    recipe = Recipe(image_size=16, batch_size=64, epochs=1, optimizer=Adam(1e-3))
    for fold in (Fold(0, 3), Fold(2, 3)):
        one, other = (ImageDataModule(in_fold(of, fold), recipe, 0) for of in (plain, stored))
        for mine, theirs in zip(one.test_dataloader(), other.test_dataloader(), strict=True):
            assert (mine["image"] == theirs["image"]).all()
            assert (mine["mask"] == theirs["mask"]).all()


def test_too_few_patients_are_refused() -> None:
    samples = tuple(Sample(str(n), "one", (float(n % 2),), "") for n in range(60))
    with pytest.raises(UsageError, match="3 folds are too many: the number of patients who are there is 1"):
        in_fold(pooled(Planted(world="domain"), samples), Fold(0, 3))
