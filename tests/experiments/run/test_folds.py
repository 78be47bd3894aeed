"""A run in a fold: it trains, is tested, verified, resampled and restored like any other, on other splits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from datamodules.dataset.sample import Sample
from datamodules.medmnist import MedMNIST
from datamodules.prepared.folds import in_fold
from experiments.checks.verification import verify
from experiments.execution.planner_notes import described
from experiments.measures.measuring.resampling import resampled
from experiments.run.public_names import noted_title, run_title
from experiments.run.resolve import Resolver
from experiments.run.restored import before_training, restore
from experiments.run.retesting import score_on_test
from experiments.run.runner import run
from experiments.run.store import PREDICTIONS, Record
from experiments.session.results import records_table
from specs.errors import UsageError
from specs.fold import Fold, folds_of
from specs.run import RunSpec
from tests.experiments.smoke import paths_in, spec

FOLD = Fold(1, 4)


def ids(folder: Path, fold: Fold, split: str) -> list[str]:
    index = in_fold(Resolver(paths_in(folder)).opened(spec().dataset, "phantom"), fold).index
    return [sample.id for sample in index.split(split)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folds")


@pytest.fixture(scope="module")
def made(store: Path) -> Mapping[str, tuple[Record, set[str]]]:
    """A run of each stage in one fold, and the images that were read in it."""
    read, found = MedMNIST.read_image, {}
    for stage in ("tune", "finetune"):
        seen: set[str] = set()

        def noted(dataset: MedMNIST, root: Path, sample: Sample, seen: set[str] = seen) -> Any:
            seen.add(sample.id)
            return read(dataset, root, sample)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MedMNIST, "read_image", noted)
            wanted: RunSpec = spec(stage=stage, fold=FOLD, recipe=spec().recipe.override({"epochs": "2"}))
            found[stage] = run(wanted, paths_in(store)), seen
    return found


def test_it_is_tested_on_its_fold(made: Mapping[str, tuple[Record, set[str]]], store: Path) -> None:
    record, seen = made["finetune"]
    assert pq.read_table(record.file(PREDICTIONS))["id"].to_pylist() == ids(store, FOLD, "test")
    assert seen == {name for split in ("train", "validation", "test") for name in ids(store, FOLD, split)}


def test_one_that_tunes_is_tested_on_the_next_fold_and_reads_no_image_of_its_own(
    made: Mapping[str, tuple[Record, set[str]]], store: Path
) -> None:
    record, seen = made["tune"]
    assert pq.read_table(record.file(PREDICTIONS))["id"].to_pylist() == ids(store, Fold(2, 4), "test")
    assert seen == {*ids(store, FOLD, "train"), *ids(store, FOLD, "validation")}


@pytest.mark.parametrize("stage", ["tune", "finetune"])
def test_it_is_verified_resampled_and_restored(
    made: Mapping[str, tuple[Record, set[str]]], store: Path, stage: str
) -> None:
    record, _ = made[stage]
    assert not verify(record.data["key"], paths_in(store)).differences
    assert len(resampled(record, paths_in(store), 3)) == 3
    network = restore(record, paths_in(store))
    assert score_on_test(network.module, network.data) == pytest.approx(record.score, abs=1e-6)


def test_every_fold_and_their_number_enter_the_key_and_the_dataset_s_own_splits_are_another_run(store: Path) -> None:
    resolver = Resolver(paths_in(store))
    wanted = [spec(fold=fold) for fold in (None, *folds_of(3), *folds_of(4))]
    resolved = [resolver.resolve(one) for one in wanted]
    assert len({one.key for one in resolved}) == len(wanted)
    assert "fold" not in resolved[0].identity
    assert [one.identity["fold"] for one in resolved[1:4]] == ["1/3", "2/3", "3/3"]


def test_a_dataset_s_own_division_does_not_enter_the_key_of_a_run_in_a_fold(store: Path, tmp_path: Path) -> None:
    opened = Resolver(paths_in(store)).opened(spec().dataset, "phantom")
    moved = {"train": opened.index.test, "validation": opened.index.validation, "test": opened.index.train}
    for name, samples in moved.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(sample.id for sample in samples) + "\n")
    other = f'medmnist("pneumoniamnist", splits="{tmp_path}")'
    resolver = Resolver(paths_in(store))
    for fold, same in ((FOLD, True), (None, False)):
        keys = {resolver.resolve(spec(fold=fold, dataset=of)).key for of in ("medmnist", other)}
        assert (len(keys) == 1) is same


def test_it_says_its_fold_wherever_it_is_named(made: Mapping[str, tuple[Record, set[str]]]) -> None:
    one = spec(stage="tune", fold=FOLD, seed=3)
    assert run_title(one) == run_title(spec(stage="tune", seed=3)).replace("seed 3", "fold 2 of 4, seed 3")
    assert noted_title(described(one)).endswith(", fold 2 of 4, seed 3")
    assert records_table([record for record, _ in made.values()])["fold"].to_pylist() == ["2/4", "2/4"]


def pretrained(on: str, **changes: Any) -> RunSpec:
    return spec(f"supervised(on={json.dumps(on)})", fold=FOLD, **changes)


def test_a_pretraining_on_the_same_dataset_is_in_the_same_fold(store: Path) -> None:
    resolver = Resolver(paths_in(store))
    for on in ('medmnist("pneumoniamnist")', 'medmnist("pneumoniamnist", fraction=0.5)'):
        (needed,) = resolver.resolve(pretrained(on)).requires
        assert needed.spec.fold == FOLD
    (tuned,) = resolver.resolve(pretrained('medmnist("pneumoniamnist")', stage="tune")).requires
    (tested,) = resolver.resolve(pretrained('medmnist("pneumoniamnist")')).requires
    assert tuned.key == tested.key


def test_a_pretraining_on_other_images_is_the_same_for_all_folds(store: Path) -> None:
    resolver = Resolver(paths_in(store))
    for on in ("fractals", 'medmnist("breastmnist")'):
        own = resolver.resolve(pretrained(on))
        other = resolver.resolve(dataclasses.replace(pretrained(on), fold=None))
        assert [one.key for one in own.requires] == [one.key for one in other.requires]


def test_weights_that_have_seen_patients_of_the_fold_by_a_detour_are_refused(store: Path) -> None:
    detour = 'continual(supervised(on="medmnist"), on="fractals")'
    with pytest.raises(UsageError, match=r"pretraining on medmnist.*sees \d+ of the \d+ patients that fold 2 of 4 of"):
        Resolver(paths_in(store)).resolve(spec(detour, fold=FOLD))


def test_the_start_of_a_run_is_made_again_from_the_pretraining_in_its_fold(store: Path) -> None:
    wanted = pretrained('medmnist("pneumoniamnist")')
    short = {"epochs": "1"}
    assert wanted.pretraining is not None
    wanted = dataclasses.replace(
        wanted, recipe=wanted.recipe.override(short), pretraining=wanted.pretraining.override(short)
    )
    resolver = Resolver(paths_in(store))
    run(resolver.resolve(wanted).requires[0].spec, paths_in(store))
    before_training(run(wanted, paths_in(store)), paths_in(store))


def test_a_class_that_is_too_rare_for_the_folds_is_refused_before_anything_is_trained(store: Path) -> None:
    with pytest.raises(UsageError, match=r"500 folds are too many: the number of patients .* cannot be scored"):
        Resolver(paths_in(store)).resolve(spec(fold=Fold(0, 500)))
