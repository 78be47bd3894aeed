"""RSNA pneumonia: its contract, and the real label file with a row per box."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.rsna_pneumonia import RsnaPneumonia
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestRsnaPneumonia(DatasetContract):
    expression = "rsna_pneumonia"


def test_the_real_label_file_gives_the_published_counts(real_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(next((real_data / "rsna_pneumonia").glob("*.zip"))) as archive:
        (name,) = archive.namelist()
        (tmp_path / "stage_2_train_labels.csv").write_bytes(archive.read(name))
    dataset = RsnaPneumonia()
    samples = dataset.read_labels(tmp_path).samples
    assert len(samples) == dataset.published["images"] == 26_684
    assert sum(sample.target == (1.0,) for sample in samples) == dataset.published["pneumonia"] == 6_012
    dataset.index(tmp_path).check("rsna_pneumonia")


def test_an_image_with_two_targets_is_refused(tmp_path: Path) -> None:
    root = ensure_phantom(parse("rsna_pneumonia"), tmp_path)
    path = root / "stage_2_train_labels.csv"
    lines = path.read_text().splitlines()
    image = lines[1].split(",")[0]
    path.write_text("\n".join([*lines, f"{image},,,,,1"]))
    with pytest.raises(DataError, match=rf"stage_2_train_labels\.csv, line \d+: {image} has targets 0 and 1"):
        RsnaPneumonia().index(root)
