"""The agreement of two observers beside the scores of networks that learned from one of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import f1_score

from datamodules.drive import Drive
from datamodules.folder import Folder
from datamodules.phantoms.phantom import ensure_phantom
from experiments.reporting.blocks.observers import ObserverAgreement, agreements
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from specs.expression import parse
from tests.experiments.example_table import document, terminal
from tests.experiments.smoke import spec

FIRST = "A_1 <50%> & more"


def found(dataset: Any, root: Path) -> tuple[list[tuple[float, float]], int]:
    """The agreements on the images of a dataset's folder, all of which test."""
    index = SimpleNamespace(test=dataset.read_labels(root).samples)
    resolver = SimpleNamespace(opened=lambda *_: SimpleNamespace(dataset=dataset, root=root), index=lambda _: index)
    return agreements(cast(Any, resolver), cast(Any, SimpleNamespace(spec=spec())))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three images with masks of two classes by two observers; the third image has none of the second."""
    generator = np.random.default_rng(2)
    (tmp_path / "eyes").mkdir()
    for number in range(3):
        mask = generator.integers(0, 3, (40, 40)).astype(np.uint8)
        other = np.where(generator.random((40, 40)) < 0.3, generator.integers(0, 3, (40, 40)), mask).astype(np.uint8)
        pictures = {"": mask * 9, "_one": mask, "_two": other}
        for suffix, picture in pictures.items():
            if number < 2 or suffix != "_two":
                Image.fromarray(picture).save(tmp_path / "eyes" / f"{number}{suffix}.png")
    return tmp_path / "eyes"


def test_the_agreement_at_native_size_is_the_mean_f1_of_the_classes(root: Path) -> None:
    dataset = Folder(
        "eyes", kind="segmentation", classes=("a", "b"), images=".", masks=".", mask_suffix="_one", second="_two",
        ignored=(255,),
    )  # fmt: skip
    unlabelled = np.asarray(Image.open(root / "1_one.png")).copy()
    unlabelled[:9] = 255
    Image.fromarray(unlabelled).save(root / "1_one.png")
    pairs, unusable = found(dataset, root)
    assert (len(pairs), unusable) == (2, 0)
    for number, (_, native) in enumerate(pairs):
        one, two = (np.asarray(Image.open(root / f"{number}_{name}.png")).ravel() for name in ("one", "two"))
        two, one = two[one != 255], one[one != 255]
        assert native == pytest.approx(f1_score(one, two, labels=[1, 2], average="macro"))


def test_a_classification_and_a_single_observer_have_none(tmp_path: Path) -> None:
    assert found(Drive(), ensure_phantom(parse("drive"), tmp_path)) == ([], 0)


def test_the_second_observer_of_drive_is_read_where_the_archive_has_it(tmp_path: Path) -> None:
    root = ensure_phantom(parse("drive"), tmp_path)
    (root / "test" / "2nd_manual").mkdir()
    first = root / "test" / "1st_manual" / "01_manual1.gif"
    (root / "test" / "2nd_manual" / "01_manual2.gif").write_bytes(first.read_bytes())
    assert found(Drive(), root) == ([(1.0, 1.0)], 0)


def test_a_second_mask_that_is_damaged_or_of_another_size_is_left_out_and_counted(root: Path) -> None:
    """The runs of the table are done by then: one bad file must not cost their scores."""
    dataset = Folder(
        "eyes", kind="segmentation", classes=("a", "b"), images=".", masks=".", mask_suffix="_one", second="_two"
    )
    (root / "0_two.png").write_bytes(b"no image")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(root / "2_two.png")
    pairs, unusable = found(dataset, root)
    assert (len(pairs), unusable) == (1, 2)
    part = ObserverAgreement({FIRST: (0.5, 0.5)}, {FIRST: 1}, {FIRST: 2})
    assert f"damaged or of another size: {FIRST}: 2." in " ".join(terminal(document(parts=(part,))).split())


def test_formats_show_it(tmp_path: Path) -> None:
    made = document(parts=(ObserverAgreement({FIRST: (0.75, 0.7812)}, {FIRST: 20}, {FIRST: 0}),))
    for text in (terminal(made), to_markdown(made)):
        assert "78.12" in text
        assert "no upper bound" in " ".join(text.split())
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
