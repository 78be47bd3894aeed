"""SIIM-ACR: its contract, the real label file and image, several rows of one image."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from datamodules.dataset.sample import Sample
from datamodules.labels import run_lengths
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.siim_acr import SiimAcr
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestSiimAcr(DatasetContract):
    expression = "siim_acr"


@pytest.fixture
def chests(tmp_path: Path) -> Path:
    """A phantom SIIM-ACR that a test may damage."""
    return ensure_phantom(parse("siim_acr"), tmp_path)


def test_the_real_label_file_gives_the_published_counts(real_data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((real_data / "siim" / "stage_2_train-rle.csv.gz").read_bytes()).decode()
    (tmp_path / "train-rle.csv").write_text(text)
    rows = [line.split(",", 1) for line in text.splitlines()[1:]]
    assert len(rows) == 12_954
    folder = tmp_path / "dicom-images-train"
    folder.mkdir()
    for image in {image for image, _ in rows}:
        (folder / f"{image}.dcm").touch()
    samples = SiimAcr().read_labels(tmp_path).samples
    assert len(samples) == 12_047
    assert sum(sample.target == (1.0,) for sample in samples) == 2_669
    index = SiimAcr().index(tmp_path)
    index.check("siim_acr")
    shares = [np.mean([sample.target[0] for sample in index.split(split)]) for split in ("train", "validation", "test")]  # type: ignore[arg-type]
    assert max(shares) - min(shares) < 0.003


def test_every_real_mask_is_decoded_and_has_the_pixels_that_its_code_counts(real_data: Path) -> None:
    text = gzip.decompress((real_data / "siim" / "stage_2_train-rle.csv.gz").read_bytes()).decode()
    codes = [line.split(",", 1)[1].strip() for line in text.splitlines()[1:]]
    positive = 0
    for code in codes[:: len(codes) // 800]:
        mask = run_lengths.decode(code, 1024, 1024)
        lengths = [] if code == "-1" else [int(cell) for cell in code.split()[1::2]]
        assert mask.sum() == sum(lengths)
        positive += bool(lengths)
        assert run_lengths.decode(run_lengths.encode(mask), 1024, 1024).tobytes() == mask.tobytes()
    assert positive > 150
    assert sum(code != "-1" for code in codes) == 12_954 - (12_047 - 2_669)


def test_the_real_image_is_read_bright_where_the_body_absorbs(real_data: Path) -> None:
    (path,) = (real_data / "siim").glob("*.dcm")
    image = SiimAcr().read_image(path.parent, Sample("", "", (), path.name))
    assert (image.shape, image.dtype) == ((1024, 1024), np.uint8)
    assert 60 < image.mean() < 190
    assert image.std() > 30
    rows = image[400:600].mean(axis=0)
    spine, lungs = rows[480:544].mean(), min(rows[200:400].min(), rows[620:820].min())
    assert spine > lungs + 30  # the mediastinum is brighter than the lungs


def test_rows_of_one_image_are_united(chests: Path) -> None:
    text = (chests / "train-rle.csv").read_text().splitlines()[1:]
    names = [line.split(",")[0] for line in text]
    twice = next(name for name in names if names.count(name) == 2)
    codes = [line.split(",", 1)[1].strip() for line in text if line.startswith(twice)]
    sample = next(sample for sample in SiimAcr().read_labels(chests).samples if sample.id == twice)
    mask = SiimAcr().read_mask(chests, sample)
    assert np.array_equal(mask, run_lengths.decode(codes[0], 64, 64) | run_lengths.decode(codes[1], 64, 64))


def test_the_flat_layout_of_stage_2_gives_the_same(chests: Path) -> None:
    before = SiimAcr().index(chests)
    flat = chests / "stage_2_images"
    flat.mkdir()
    for path in list((chests / "dicom-images-train").rglob("*.dcm")):
        path.rename(flat / path.name)
    shutil.rmtree(chests / "dicom-images-train")
    (chests / "train-rle.csv").rename(chests / "stage_2_train.csv")
    assert SiimAcr().index(chests).identity() == before.identity()


def test_an_image_without_a_row_is_left_out_and_a_row_without_an_image_refused(chests: Path) -> None:
    path = chests / "train-rle.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[2:]]))
    assert list(SiimAcr().read_labels(chests).excluded.values()) == ["no row in the label file"]
    path.write_text("\n".join([*lines, "1.2.3,-1"]))
    with pytest.raises(DataError, match=r"1 of 61 labelled images are missing, such as 1\.2\.3\.dcm"):
        SiimAcr().index(chests)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("-1", "does not go with the first"),
        ("5 five", "not made of whole numbers"),
        ("5", "not pairs"),
        ("4090 9", "64 x 64"),
    ],
)
def test_a_damaged_code_is_refused_with_the_image(code: str, message: str, chests: Path) -> None:
    path = chests / "train-rle.csv"
    positive = next(line for line in path.read_text().splitlines()[1:] if not line.endswith("-1"))
    name = positive.split(",")[0]
    with path.open("a") as file:
        file.write(f"{name},{code}\n")
    with pytest.raises(DataError, match=rf"(?s)train-rle\.csv.*{message}") as caught:
        sample = next(sample for sample in SiimAcr().read_labels(chests).samples if sample.id == name)
        SiimAcr().read_mask(chests, sample)
    assert name in str(caught.value)
