"""Shenzhen and Montgomery: their contracts, and what their archives are like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.montgomery import Montgomery
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.shenzhen import Shenzhen
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestShenzhen(DatasetContract):
    expression = "shenzhen"


class TestMontgomery(DatasetContract):
    expression = "montgomery"


def test_the_label_is_the_last_digit_of_the_name(tmp_path: Path) -> None:
    for sample in Shenzhen().read_labels(ensure_phantom(parse("shenzhen"), tmp_path)).samples:
        assert sample.id.endswith(f"_{int(sample.target[0])}.png")


def test_a_file_of_another_name_is_refused_and_leftovers_are_not(tmp_path: Path) -> None:
    root = ensure_phantom(parse("shenzhen"), tmp_path)
    (folder,) = {path.parent for path in root.rglob("*.png")}
    assert (folder / "Thumbs.db").exists()
    (folder / "CHNCXR_0001_7.png").write_bytes(b"")
    with pytest.raises(DataError, match="CHNCXR_0001_7"):
        Shenzhen().index(root)


def test_the_benchmarks_lists_are_read_with_their_commas(tmp_path: Path) -> None:
    root = ensure_phantom(parse("shenzhen"), tmp_path / "data")
    own = Shenzhen().index(root)
    lists = tmp_path / "lists"
    lists.mkdir()
    for name, samples in (("train", own.train), ("val", own.validation), ("test", own.test)):
        (lists / f"{name}.txt").write_text("".join(f"{one.id},{int(one.target[0])}\n" for one in samples))
    assert Shenzhen(splits=str(lists)).index(root) == own
    first = (lists / "test.txt").read_text()
    wrong = first.replace("_1.png,1", "_1.png,0", 1)
    (lists / "test.txt").write_text(wrong)
    with pytest.raises(DataError, match=r"test\.txt, line \d+: the list labels CHNCXR_\d+_1\.png as \[0\.0\]"):
        Shenzhen(splits=str(lists)).index(root)


def test_both_lungs_are_one_mask(tmp_path: Path) -> None:
    root = ensure_phantom(parse("montgomery"), tmp_path)
    dataset = Montgomery()
    sample = dataset.read_labels(root).samples[0]
    _, left, right = dataset.files(root, sample)
    masks = [np.asarray(Image.open(path).convert("L")) > 0 for path in (left, right)]
    assert not (masks[0] & masks[1]).all()
    assert np.array_equal(dataset.read_mask(root, sample), masks[0] | masks[1])


def test_a_missing_or_unlike_mask_is_named(tmp_path: Path) -> None:
    root = ensure_phantom(parse("montgomery"), tmp_path)
    dataset = Montgomery()
    sample = dataset.read_labels(root).samples[0]
    _, left, right = dataset.files(root, sample)
    Image.new("L", (3, 3)).save(left)
    with pytest.raises(DataError, match=r"is of shape \(3, 3\)"):
        dataset.read_mask(root, sample)
    for mask in (left, right):
        content = mask.read_bytes()
        mask.unlink()
        with pytest.raises(DataError, match=f"1 masks are missing, such as .*{mask.name}"):
            dataset.index(root)
        mask.write_bytes(content)
