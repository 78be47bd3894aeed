"""BraTS 2020 and KiTS19: their contracts, and what their files are like."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from datamodules import kits19
from datamodules.brats2020 import FOLDER, Brats2020, Region
from datamodules.dataset.contract import SPLITS, Dataset
from datamodules.dataset.sample import Sample
from datamodules.kits19 import Kits19
from specs.errors import DataError, UsageError
from tests.datamodules.contract import DatasetContract


class TestBrats2020(DatasetContract):
    expression = "brats2020"


class TestKits19(DatasetContract):
    expression = "kits19"


@pytest.fixture
def brats(tmp_path: Path) -> Path:
    """Four patients of two voxels a side, one of them of case 355."""
    for number in (1, 2, 3, 355):
        write_patient(tmp_path / FOLDER, number, "W39_1998.09.19_Segm.nii" if number == 355 else None)
    return tmp_path


def save(path: Path, values: Any, affine: Any = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.asarray(values), np.eye(4) if affine is None else affine), path)


def write_patient(folder: Path, number: int, mask: str | None = None) -> None:
    """A patient whose mask has the values 0, 1, 2 and 4 in its lowest slice."""
    case = f"BraTS20_Training_{number:03d}"
    for place, sequence in enumerate(("flair", "t1", "t1ce", "t2")):
        save(folder / case / f"{case}_{sequence}.nii.gz", np.roll(np.arange(8, dtype=np.int16), place).reshape(2, 2, 2))
    values = np.zeros((2, 2, 2), np.uint8)
    values[..., 0] = [[0, 1], [2, 4]]
    save(folder / case / (mask or f"{case}_seg.nii.gz"), values)


def slices_of(dataset: Dataset, root: Path, case: str) -> list[Sample]:
    samples = dataset.read_labels(root).samples
    return [sample for sample in samples if sample.patient == case]


def test_the_mask_of_case_355_has_another_name_and_may_have_the_usual_one(brats: Path) -> None:
    dataset, case = Brats2020(), "BraTS20_Training_355"
    first, _ = slices_of(dataset, brats, case)
    published = brats / FOLDER / case / "W39_1998.09.19_Segm.nii"
    assert dataset.files(brats, first)[-1] == published
    assert dataset.read_mask(brats, first).sum() == 3
    published.rename(published.with_name(f"{case}_seg.nii"))
    assert dataset.files(brats, first)[-1].name == f"{case}_seg.nii"
    other = brats / FOLDER / "BraTS20_Training_002"
    (other / "BraTS20_Training_002_seg.nii.gz").rename(other / "W39_1998.09.19_Segm.nii.gz")
    with pytest.raises(DataError, match=r"1 of 4 cases lack a file, such as .*BraTS20_Training_002_seg\.nii\.gz"):
        dataset.index(brats)


def test_files_may_be_packed_or_not(brats: Path) -> None:
    dataset = Brats2020()
    before = [dataset.read_image(brats, one).tolist() for one in dataset.read_labels(brats).samples]
    for path in sorted(brats.rglob("*.nii.gz")):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    samples = dataset.read_labels(brats).samples
    assert [dataset.read_image(brats, one).tolist() for one in samples] == before
    assert {path.suffix for one in samples for path in dataset.files(brats, one)} == {".nii"}


REGIONS = {
    "whole tumour": [[0, 1], [1, 1]],
    "tumour core": [[0, 1], [0, 1]],
    "enhancing tumour": [[0, 0], [0, 1]],
    "parts": [[0, 1], [2, 3]],
}


@pytest.mark.parametrize("region", REGIONS)
def test_regions_are_the_labels_that_the_challenge_puts_together(region: Any, brats: Path) -> None:
    dataset = Brats2020(region)
    sample, empty = slices_of(dataset, brats, "BraTS20_Training_001")
    expected = np.array(REGIONS[region]).T[::-1, ::-1]  # RAS voxels: the front is above, the right at the left
    assert dataset.read_mask(brats, sample).tolist() == expected.tolist()
    assert not dataset.read_mask(brats, empty).any()


def test_a_label_that_brats_2020_does_not_have_is_refused(brats: Path) -> None:
    path = brats / FOLDER / "BraTS20_Training_001" / "BraTS20_Training_001_seg.nii.gz"
    save(path, np.full((2, 2, 2), 3, np.uint8))  # enhancing tumour in the editions from 2023 on
    regions: tuple[Region, ...] = ("whole tumour", "enhancing tumour", "parts")
    for region in regions:
        dataset = Brats2020(region)
        with pytest.raises(DataError, match=r"_seg\.nii\.gz has the values 3"):
            dataset.read_mask(brats, slices_of(dataset, brats, "BraTS20_Training_001")[0])


def test_sequences_are_channels_in_the_order_in_which_they_are_named(brats: Path) -> None:
    every, two = Brats2020(), Brats2020(sequences=("t1ce", "flair"))
    assert (every.channels, every.channel_names) == (4, ("flair", "t1", "t1ce", "t2"))
    assert (two.channels, two.channel_names) == (2, ("t1ce", "flair"))
    sample = every.index(brats).test[0]
    image = every.read_image(brats, sample)
    assert len({image[..., channel].tobytes() for channel in range(4)}) == 4
    assert np.array_equal(two.read_image(brats, sample), image[..., [2, 0]])
    for wrong in ((), ("t1", "t1"), ("t1gd",)):
        with pytest.raises(UsageError, match="argument sequences of brats2020: expected different ones of flair, t1"):
            Brats2020(sequences=wrong)


def test_cases_lie_in_the_published_folder_or_in_the_root(brats: Path) -> None:
    found = [one.id for one in Brats2020().read_labels(brats).samples]
    assert [one.id for one in Brats2020().read_labels(brats / FOLDER).samples] == found


def kidneys(root: Path, cases: range, masked: int) -> None:
    """KiTS19 cases of one slice, of which the first ones have a mask."""
    affine = np.array([[0, 0, -1.0, 0], [0, -1, 0, 0], [-5, 0, 0, 0], [0, 0, 0, 1.0]])
    for number in cases:
        folder = root / f"case_{number:05d}"
        save(folder / "imaging.nii.gz", np.full((1, 2, 2), 40, np.int16), affine)
        if number < masked:
            save(folder / "segmentation.nii.gz", np.zeros((1, 2, 2), np.uint8), affine)


def test_cases_from_210_on_have_no_masks_and_are_not_of_the_dataset(tmp_path: Path) -> None:
    kidneys(tmp_path, range(205, 215), masked=210)
    (tmp_path / "case_00209_notes").mkdir()
    assert {one.patient for one in Kits19().read_labels(tmp_path).samples} == {
        f"case_{number:05d}" for number in range(205, 210)
    }
    (tmp_path / "case_00207" / "segmentation.nii.gz").unlink()
    with pytest.raises(DataError, match=r"1 of 5 cases lack a file, such as case_00207/segmentation\.nii\.gz"):
        Kits19().read_labels(tmp_path)
    left = Kits19(missing="leave out").read_labels(tmp_path)
    assert left.excluded == {"case_00207": "without a file"}
    assert len(left.samples) == 4


def test_without_any_whole_case_nothing_is_left_out(tmp_path: Path) -> None:
    kidneys(tmp_path / "data", range(3), masked=0)
    with pytest.raises(DataError, match=r"3 of 3 cases lack a file, such as data/case_00000/segmentation\.nii\.gz"):
        Kits19(missing="leave out").read_labels(tmp_path)


def test_the_slices_of_kits19_lie_along_the_first_axis_from_head_to_foot(tmp_path: Path) -> None:
    kidneys(tmp_path, range(1), masked=1)
    values = np.full((3, 2, 4), -79, np.int16)  # slices, rows from the front, columns from the patient's right
    values[0, 0, 3], values[2, 1, 0] = 304, 113
    affine = nibabel.load(tmp_path / "case_00000" / "imaging.nii.gz").affine
    assert nibabel.aff2axcodes(affine) == ("I", "P", "L")
    save(tmp_path / "case_00000" / "imaging.nii.gz", values, affine)
    save(tmp_path / "case_00000" / "segmentation.nii.gz", (values > 0).astype(np.uint8), affine)
    dataset = Kits19("kidney with tumour")
    foot, middle, head = slices_of(dataset, tmp_path, "case_00000")
    assert dataset.read_image(tmp_path, head).tolist() == [[0, 0, 0, 255], [0, 0, 0, 0]]
    assert dataset.read_image(tmp_path, foot).tolist() == [[0, 0, 0, 0], [128, 0, 0, 0]]
    assert dataset.read_mask(tmp_path, foot).tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]
    assert not dataset.read_mask(tmp_path, middle).any()


def test_a_kidney_with_its_tumour_and_a_tumour_alone_are_targets_too(tmp_path: Path) -> None:
    kidneys(tmp_path, range(1), masked=0)
    affine = nibabel.load(tmp_path / "case_00000" / "imaging.nii.gz").affine
    save(tmp_path / "case_00000" / "segmentation.nii.gz", np.array([[[0, 1], [2, 1]]], np.uint8), affine)
    expected: dict[kits19.Region, list[list[int]]] = {
        "kidney and tumour": [[0, 1], [2, 1]],
        "kidney with tumour": [[0, 1], [1, 1]],
        "tumour": [[0, 0], [1, 0]],
    }
    for region, mask in expected.items():
        (sample,) = slices_of(Kits19(region), tmp_path, "case_00000")
        assert Kits19(region).read_mask(tmp_path, sample).tolist() == mask


def test_a_step_and_a_choice_of_slices_leave_patients_in_their_splits(brats: Path) -> None:
    whole, every, found = (
        one.index(brats) for one in (Brats2020(), Brats2020(every=2), Brats2020(slices="with finding"))
    )
    for split in SPLITS:
        assert {one.patient for one in every.split(split)} == {one.patient for one in whole.split(split)}
        assert [one.id for one in every.split(split)] == [one.id for one in whole.split(split) if one.id.endswith("0")]
    assert [one.id for one in found.train] == [one.id for one in whole.train if one.id.endswith("0")]
    assert [one.id for one in found.test] == [one.id for one in whole.test]


def test_what_cannot_be_cut_is_refused_by_the_datasets_own_name() -> None:
    with pytest.raises(UsageError, match="argument every of brats2020: expected a whole number from 1 on, found 0"):
        Brats2020(every=0)
    for wrong, named in (({"every": 0}, "every"), ({"spacing": 0.0}, "spacing"), ({"window": (40, 0)}, "window")):
        with pytest.raises(UsageError, match=f"argument {named} of kits19"):
            Kits19(**wrong)
