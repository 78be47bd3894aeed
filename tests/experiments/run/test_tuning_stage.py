"""A run that tunes: it is a fine-tuning that is tested on the validation images and sees no test image."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from datamodules.medmnist import MedMNIST
from experiments.checks.verification import verify
from experiments.measures.measuring.resampling import resampled
from experiments.run.public_names import run_title
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import PREDICTIONS, Record
from specs.errors import UsageError
from specs.run import RunSpec
from tests.experiments.smoke import paths_in, spec


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path, set[str]]:
    """A run that tunes, its folder, and the images that were read in it."""
    folder, seen = tmp_path_factory.mktemp("tuned"), set()
    read = MedMNIST.read_image

    def noted(dataset: MedMNIST, root: Path, sample: Any) -> Any:
        seen.add(sample.id)
        return read(dataset, root, sample)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MedMNIST, "read_image", noted)
        record = run(spec(stage="tune"), paths_in(folder))
    return record, folder, seen


def names(folder: Path, split: str) -> list[str]:
    opened = Resolver(paths_in(folder)).opened(spec().dataset, "phantom")
    return [sample.id for sample in opened.index.split(split)]  # type: ignore[arg-type]


def test_no_test_image_is_read(tuned: tuple[Record, Path, set[str]]) -> None:
    _, folder, seen = tuned
    assert seen == {*names(folder, "train"), *names(folder, "validation")}


def test_it_is_tested_on_the_validation_images(tuned: tuple[Record, Path, set[str]]) -> None:
    record, folder, _ = tuned
    assert pq.read_table(record.file(PREDICTIONS))["id"].to_pylist() == names(folder, "validation")
    assert record.data["score"] == pytest.approx(record.data["validation"]["metric"], abs=1e-6)


def test_it_trains_as_the_fine_tuning_does_and_is_another_run(tuned: tuple[Record, Path, set[str]]) -> None:
    record, folder, _ = tuned
    tested = run(spec(), paths_in(folder))
    assert tested.data["key"] != record.data["key"]
    assert (tested.folder / "metrics.jsonl").read_text() == (record.folder / "metrics.jsonl").read_text()


def test_it_is_verified_and_resampled_like_any_other(tuned: tuple[Record, Path, set[str]]) -> None:
    record, folder, _ = tuned
    assert not verify(record.data["key"], paths_in(folder)).differences
    assert len(resampled(record, paths_in(folder), 3)) == 3


def test_it_says_what_it_is() -> None:
    assert run_title(spec(stage="tune")) == f"tuning on {run_title(spec())}"


def test_it_cannot_have_a_recipe_that_pretrains(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, method="simclr")
    with pytest.raises(UsageError, match="which pretrains"):
        Resolver(paths_in(tmp_path)).resolve(spec(stage="tune", recipe=recipe))


def test_its_spec_is_read_back() -> None:
    assert RunSpec.from_json(spec(stage="tune").to_json()) == spec(stage="tune")
