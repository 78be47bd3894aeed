"""Volumes are predicted slice by slice, and masks come back on the grid of their volumes."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pyarrow.parquet as pq
import pytest

from datamodules.slicing.sliced import Sliced
from datamodules.unseen.image_files import unseen_of
from experiments.cli.command_line import main
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.runner import run
from experiments.run.store import PREDICTIONS, Record
from specs.errors import DataError
from specs.registry import DATASETS
from tests.experiments.smoke import spec

RECIPE = dataclasses.replace(recipe_named("phantom/segmentation"), epochs=1, image_size=32)


@pytest.fixture(scope="module")
def kidneys(where: Paths) -> Record:
    """A fine-tuning on drawn volumes."""
    return run(spec(dataset="kits19", recipe=RECIPE), where)


def predict(record: Record, where: Paths, images: Path, out: Path) -> int:
    places = ["--data-root", str(where.data), "--runs", str(where.runs), "--cache", str(where.cache)]
    return main(["predict", record.data["key"], str(images), *places, "--output", str(out), "--any-image"])


def test_masks_of_test_volumes_have_the_voxels_that_the_run_counted(
    kidneys: Record, where: Paths, tmp_path: Path
) -> None:
    opened = where.data_of(spec(dataset="kits19"))
    assert isinstance(opened.dataset, Sliced)
    cases = sorted({opened.dataset.volume_of(sample) for sample in opened.index.test})[:2]
    for case in cases:
        (tmp_path / "new" / case).mkdir(parents=True)
        shutil.copy(opened.root / case / "imaging.nii.gz", tmp_path / "new" / case)
    assert predict(kidneys, where, tmp_path / "new", tmp_path / "out") == 0
    stored, counted = pq.read_table(kidneys.folder / PREDICTIONS).to_pydict(), Counter[tuple[str, int]]()
    for place, name in enumerate(stored["id"]):
        for number, one in enumerate(opened.dataset.task.classes, 1):
            told = (stored[f"{one}:native_whole_{kind}"][place] for kind in ("tp", "fp"))
            counted[name.rpartition("/")[0], number] += sum(told)
    for case in cases:
        mask, image = (
            nibabel.load(path)
            for path in (tmp_path / "out" / "masks" / f"{case}.nii.gz", tmp_path / "new" / case / "imaging.nii.gz")
        )
        assert np.array_equal(mask.affine, image.affine)
        assert mask.shape == image.shape
        for number in (1, 2):
            assert int((np.asarray(mask.dataobj) == number).sum()) == counted[case, number]
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["image"] == f"{cases[0]}/axial-000"
    assert rows[0]["mask"] == f"masks/{cases[0]}.nii.gz"
    assert sorted(path.name for path in (tmp_path / "out" / "masks").rglob("*")) == [f"{case}.nii.gz" for case in cases]


def test_any_volumes_of_a_folder_are_cases_where_none_lies_as_the_dataset_has_them(
    kidneys: Record, where: Paths, tmp_path: Path
) -> None:
    opened = where.data_of(spec(dataset="kits19"))
    source = opened.root / "case_00000" / "imaging.nii.gz"
    (tmp_path / "new").mkdir()
    shutil.copy(source, tmp_path / "new" / "scan.one.nii.gz")
    assert predict(kidneys, where, tmp_path / "new", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out" / "masks").iterdir()] == ["scan.one.nii.gz"]


def test_a_volume_that_cannot_be_read_has_its_error_in_the_table_and_no_mask(
    kidneys: Record, where: Paths, tmp_path: Path
) -> None:
    opened = where.data_of(spec(dataset="kits19"))
    for case in ("case_00000", "case_00001"):
        (tmp_path / "new" / case).mkdir(parents=True)
        shutil.copy(opened.root / case / "imaging.nii.gz", tmp_path / "new" / case)
    damaged = tmp_path / "new" / "case_00001" / "imaging.nii.gz"
    whole = nibabel.load(damaged)
    packed = damaged.read_bytes()
    damaged.write_bytes(packed[: len(packed) // 2])
    assert whole.shape
    assert predict(kidneys, where, tmp_path / "new", tmp_path / "out") == DataError.exit_status
    assert [path.name for path in (tmp_path / "out" / "masks").iterdir()] == ["case_00000.nii.gz"]


def test_a_volume_that_lacks_a_channel_is_refused(tmp_path: Path) -> None:
    dataset = DATASETS.build("brats2020")
    dataset.write_phantom(tmp_path / "data")
    case = "BraTS20_Training_001"
    source = tmp_path / "data" / "MICCAI_BraTS2020_TrainingData"
    unseen = unseen_of(dataset)
    assert len(unseen.found(source)) == 40 * 3
    (source / case / f"{case}_t2.nii.gz").unlink()
    with pytest.raises(DataError, match=rf"{case}/{case} lacks {case}/{case}_t2.nii.gz"):
        unseen.found(source)
