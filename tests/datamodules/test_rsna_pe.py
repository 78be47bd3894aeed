"""RSNA pulmonary embolism: its contract, order by position, windows, neighbours as channels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pydicom
import pytest

from datamodules.dataset.sample import Sample
from datamodules.files.dicom import read_dicom
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.rsna_pe import RsnaPe
from specs.errors import DataError, UsageError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestRsnaPe(DatasetContract):
    expression = "rsna_pe"


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A phantom set that a test may damage."""
    return ensure_phantom(parse("rsna_pe"), tmp_path)


def series(root: Path) -> list[Sample]:
    """The slices of one series from low to high."""
    samples = RsnaPe().read_labels(root).samples
    first = [sample for sample in samples if sample.patient == samples[0].patient]
    return sorted(first, key=lambda sample: pydicom.dcmread(root / sample.source).ImagePositionPatient[2])


def test_the_channels_are_the_slices_below_at_and_above_by_position(scans: Path) -> None:
    ordered = series(scans)
    assert [sample.id for sample in ordered] != sorted(sample.id for sample in ordered)
    planes = [read_dicom(scans / sample.source, (100.0, 700.0)) for sample in ordered]
    for place, sample in enumerate(ordered):
        neighbours = [planes[max(place - 1, 0)], planes[place], planes[min(place + 1, len(planes) - 1)]]
        assert np.array_equal(RsnaPe().read_image(scans, sample), np.stack(neighbours, axis=-1))


def test_a_window_maps_its_ends_to_black_and_white(scans: Path) -> None:
    sample = series(scans)[2]
    units = pydicom.dcmread(scans / sample.source).pixel_array.astype(float) - 1024
    found = RsnaPe(center=0.0, width=400.0).read_image(scans, sample)[..., 1]
    assert (found[units <= -201] == 0).all()
    assert (found[units >= 201] == 255).all()
    inside = np.abs(units) < 150
    assert inside.any()
    assert np.allclose(found[inside], (units[inside] + 200) / 400 * 255, atol=1.2)


def test_windows_are_different_pixels_and_fractions_are_not() -> None:
    assert set(RsnaPe.pixel_arguments) == {"center", "width"}
    with pytest.raises(UsageError, match="width must be above 1"):
        RsnaPe(width=1.0)


def test_no_study_is_in_two_splits(scans: Path) -> None:
    index = RsnaPe().index(scans)
    studies = [{sample.id.split("/")[0] for sample in index.split(split)} for split in ("train", "validation", "test")]  # type: ignore[arg-type]
    assert sum(map(len, studies)) == len(set.union(*studies)) == 40


def test_a_slice_without_a_position_is_named(scans: Path) -> None:
    sample = dataclasses.replace(RsnaPe(), fraction=1.0).read_labels(scans).samples[7]
    path = scans / sample.source
    dataset = pydicom.dcmread(path)
    del dataset.ImagePositionPatient
    dataset.save_as(path)
    with pytest.raises(DataError, match=rf"{path.name} .*ImagePositionPatient"):
        RsnaPe().read_image(scans, sample)


def test_a_row_without_a_study_is_refused(scans: Path) -> None:
    table = scans / "train.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:4], "," + lines[4].partition(",")[2], *lines[5:]]))
    with pytest.raises(DataError, match=r"train\.csv, line 5: StudyInstanceUID is empty"):
        RsnaPe().index(scans)


def test_a_missing_slice_is_named(scans: Path) -> None:
    sample = RsnaPe().read_labels(scans).samples[13]
    (scans / sample.source).unlink()
    with pytest.raises(DataError, match="is missing"):
        RsnaPe().read_image(scans, sample)


def test_a_slice_that_is_listed_twice_is_refused(scans: Path) -> None:
    table = scans / "train.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines, lines[2]]))
    with pytest.raises(DataError, match=rf"train\.csv, line {len(lines) + 1}: .* stands there twice"):
        RsnaPe().index(scans)


def test_the_order_of_the_tables_lines_changes_nothing(scans: Path) -> None:
    before, table = RsnaPe().index(scans), scans / "train.csv"
    header, *lines = table.read_text().splitlines()
    table.write_text("\n".join([header, *reversed(lines)]))
    assert RsnaPe().index(scans).identity() == before.identity()
