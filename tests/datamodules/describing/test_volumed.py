"""A folder of volumes is described as what it is, in the usual layouts; what is not clear is not guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.describing.describe import describe
from datamodules.files.nifti import write_nifti
from specs.expression import parse

LAYOUTS = {
    "a folder for each case": ("case_{}/imaging.nii.gz", "case_{}/aaa_segmentation.nii.gz"),
    "two folders with the same names": ("img/p{}.nii.gz", "gt/p{}.nii.gz"),
    "two folders with a suffix": ("imagesTr/liver_{}_0000.nii.gz", "labelsTr/liver_{}.nii.gz"),
    "one folder with a suffix": ("{}.nii.gz", "{}_seg.nii.gz"),
    "one folder with two suffixes": ("s-{}_t1.nii", "s-{}_mask.nii"),
}

FOUND = {
    "a folder for each case": ("*/imaging.nii.gz", "*/aaa_segmentation.nii.gz"),
    "two folders with the same names": ("img/*.nii.gz", "gt/*.nii.gz"),
    "two folders with a suffix": ("imagesTr/*_0000.nii.gz", "labelsTr/*.nii.gz"),
    "one folder with a suffix": ("*.nii.gz", "*_seg.nii.gz"),
    "one folder with two suffixes": ("*_t1.nii", "*_mask.nii"),
}


def write(root: Path, images: str, masks: str, value: int = 1) -> None:
    """Twelve volumes of noise with masks."""
    for number in range(12):
        noise = np.random.default_rng(number).normal(0, 100, (6, 5, 4)).astype(np.int16)
        write_nifti(root / images.format(f"{number:03d}"), noise, np.eye(4))
        write_nifti(root / masks.format(f"{number:03d}"), (noise > 0).astype(np.uint8) * value, np.eye(4))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_and_masks_of_the_same_cases_are_one_dataset(layout: str, tmp_path: Path) -> None:
    write(tmp_path, *LAYOUTS[layout])
    found = describe(tmp_path)
    assert found.chosen is not None and found.chosen.census is not None
    call = parse(found.chosen.reading.expression)
    assert (call.name, dict(call.kwargs)["images"], dict(call.kwargs)["masks"]) == ("volumes", *FOUND[layout])
    assert found.chosen.census.total("images") == 48
    assert found.unread == ()


def test_several_values_of_masks_are_a_question(tmp_path: Path) -> None:
    write(tmp_path, "a/{}.nii.gz", "b/{}.nii.gz")
    write_nifti(tmp_path / "b" / "003.nii.gz", np.full((6, 5, 4), 2, np.uint8), np.eye(4))
    found = describe(tmp_path)
    assert found.chosen is None
    assert [dict(parse(one.reading.expression).kwargs)["classes"] for one in found.readings] == [
        ("foreground",), ("value 1", "value 2"),
    ]  # fmt: skip
    assert found.readings[0].reading.asks


@pytest.mark.parametrize(
    ("images", "masks"), [("t1/{}.nii.gz", "t2/{}.nii.gz"), ("images/{}.nii.gz", "masks/mask{}x.nii.gz")]
)
def test_volumes_of_which_none_are_masks_of_the_others_are_not_read(images: str, masks: str, tmp_path: Path) -> None:
    write(tmp_path, images, masks)
    if "t2" in masks:
        for number in range(12):
            noise = np.random.default_rng(number).normal(0, 100, (6, 5, 4)).astype(np.int16)
            write_nifti(tmp_path / masks.format(f"{number:03d}"), noise, np.eye(4))
    found = describe(tmp_path)
    assert found.readings == ()
    assert "no images and masks of the same names are among them" in found.unread[0]
