"""New images are found and read as a dataset's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.dataset.contract import Dataset
from datamodules.unseen.contract import Unseen
from datamodules.unseen.image_files import ImageFiles, unseen_of
from specs.errors import DataError
from specs.registry import DATASETS


def built(expression: str) -> Dataset:
    dataset: Dataset = DATASETS.build(expression)
    return dataset


def noise(path: Path, *shape: int) -> np.ndarray:
    pixels = np.random.default_rng(len(path.name)).integers(0, 256, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.mark.parametrize(
    "expression",
    ["rsna_pe", "vindr_cxr", "siim_acr", "shenzhen", "ham10000", "drive", 'folder("x", classes=("a",), channels=3)'],
)
def test_a_datasets_own_files_are_read_as_by_itself(expression: str, tmp_path: Path) -> None:
    dataset = built(expression)
    dataset.write_phantom(tmp_path)
    unseen = unseen_of(dataset)
    for sample in dataset.read_labels(tmp_path).samples[:4]:
        name = dataset.files(tmp_path, sample)[0].relative_to(tmp_path).as_posix()
        assert name in unseen.found(tmp_path)
        assert np.array_equal(unseen.read(tmp_path, name), dataset.read_image(tmp_path, sample))
        assert unseen.unlike(tmp_path, name) is None


def test_channels_in_files_of_their_own_are_one_image(tmp_path: Path) -> None:
    unseen = unseen_of(built('folder("x", classes=("a",), channel_suffixes=("_t1", "_t2"))'))
    planes = [noise(tmp_path / "ward" / f"p1_{name}.png", 6, 5) for name in ("t1", "t2")]
    noise(tmp_path / "ward" / "p1_overview.png", 6, 5)
    assert unseen.found(tmp_path) == ["ward/p1_t1.png"]
    assert np.array_equal(unseen.read(tmp_path, "ward/p1_t1.png"), np.stack(planes, axis=-1))
    assert unseen.unlike(tmp_path, "ward/p1_t1.png") is None


def test_color_is_told_where_gray_was_learned_and_gray_that_is_stored_in_color_is_not(tmp_path: Path) -> None:
    gray = ImageFiles(1)
    noise(tmp_path / "color.png", 9, 9, 3)
    plain = noise(tmp_path / "plain.png", 9, 9)
    Image.fromarray(np.stack([plain] * 3, axis=2)).save(tmp_path / "stored.jpg")
    assert gray.unlike(tmp_path, "color.png") == "it is in color, and the network learned images in shades of gray"
    assert gray.unlike(tmp_path, "plain.png") is gray.unlike(tmp_path, "stored.jpg") is None
    assert ImageFiles(3).unlike(tmp_path, "color.png") is None


def test_a_dataset_of_other_channels_has_to_say_how_new_images_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = built("drive")
    monkeypatch.setattr(type(dataset), "channels", 5)
    with pytest.raises(DataError, match="Have it inherit"):
        unseen_of(dataset)


def test_what_reads_new_images_has_all_methods() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Unseen()  # type: ignore[abstract]
