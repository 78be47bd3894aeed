"""Paths as file systems have them: shown so that they steer nothing, and an error of the system is no damage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.dataset.contract import SPLITS
from datamodules.describing.describe import describe
from datamodules.files.dicom import read_dicom
from datamodules.files.images import read_gray
from datamodules.files.listing import files_in
from datamodules.folder import Folder
from datamodules.folders.by_folder import folders_of
from datamodules.labels.class_folders import folders_in
from datamodules.labels.class_folders import images_in as class_folder_images
from datamodules.labels.label_files import inside
from datamodules.prepared import preparation
from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import find_problems
from datamodules.prepared.view import view_of
from specs.errors import DataError, StorageError
from specs.recipe import Form

ODD = "a\x1b[31m\nb\u202e.png"


@pytest.mark.parametrize("read", [read_gray, read_dicom])
@pytest.mark.parametrize("there", [False, True])
def test_the_name_of_a_file_steers_no_terminal(there: bool, read: Callable[[Path], object], tmp_path: Path) -> None:
    if there:
        (tmp_path / ODD).write_bytes(b"no image")
    with pytest.raises(DataError, match=r"/a\\x1b\[31m\\x0ab\\u202e\.png (is missing|\(8 bytes\) cannot be read)"):
        read(tmp_path / ODD)


@pytest.mark.parametrize("read", [read_gray, read_dicom])
def test_a_link_that_leads_nowhere_or_round_in_a_circle_is_called_so(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    """Fetching it again would mend neither."""
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "dangling.png").symlink_to("nothing.png")
    with pytest.raises(DataError, match=r"loop\.png .*Too many levels of symbolic links\. Mend the permis"):
        read(tmp_path / "loop.png")
    with pytest.raises(DataError, match=r"dangling\.png is a link that leads to no file\. Mend the link"):
        read(tmp_path / "dangling.png")


def test_a_name_that_no_file_can_have_is_refused_with_its_line() -> None:
    assert inside("x" * 255, Path("f"), 1) == "x" * 255
    for name in ("x" * 256, "a/" + "ü" * 128 + "/b.png"):
        with pytest.raises(DataError, match=r"f, line 1: .* names no file: .* at most 255 bytes"):
            inside(name, Path("f"), 1)


def test_what_the_system_refuses_of_one_image_is_one_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was taken for a full disk of the store."""
    root = tmp_path / "ward"
    root.mkdir()
    rows = ["image,positive"] + [f"{number}.png,{number % 2}" for number in range(30)]
    (root / "labels.csv").write_text("\n".join(rows))
    for number in range(30):
        Image.fromarray(np.full((8, 8), 8 * number, np.uint8)).save(root / f"{number}.png")
    whole = Folder.read_image

    def read_image(self: Folder, root: Path, sample: object) -> object:
        if sample.id == "3.png":  # type: ignore[attr-defined]
            raise PermissionError(13, "Permission denied", "3.png")
        return whole(self, root, sample)  # type: ignore[arg-type]

    monkeypatch.setattr(Folder, "read_image", read_image)
    dataset = Folder(path="ward")
    prepared = prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1)
    (problem,) = find_problems(dataset, root, dataset.index(root), prepared)
    assert (problem.id, problem.kind) == ("3.png", "unreadable")
    assert "the system does not let it be read: [Errno 13] Permission denied" in problem.other


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (27, DataError, r"File too large.*Mend that, or give another"),
        (28, StorageError, r"its disk is full.*Free some space"),
    ],
)
def test_what_keeps_the_store_from_being_written_is_told_apart(
    number: int, kind: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Space helps against a full disk alone."""
    (tmp_path / "labels.csv").write_text("image,positive\na.png,1\n")

    def refused(*arguments: object) -> None:
        raise OSError(number, os.strerror(number), "store")

    monkeypatch.setattr(preparation, "_fill", refused)
    with pytest.raises(kind, match=words):
        prepare(Folder(path="."), tmp_path, tmp_path / "store", [Form(8)], jobs=1)


def test_a_view_shows_the_path_of_a_missing_image_so_that_it_steers_nothing(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "\n".join(["image,positive", *(f'"{number}{ODD}",{number % 2}' for number in range(30))])
    )
    view = view_of(Folder(path="."), tmp_path, tmp_path / "store", "medtransfer prepare", thorough=True)
    assert sum(len(view.index.split(split)) for split in SPLITS) == 0
    (fault,) = [one for one in view.faults() if "have no file" in one]
    assert "\x1b" not in fault
    assert "\n" not in fault


LATIN = os.fsdecode("Müller.png".encode("latin-1"))
"""The name of a file as a system that does not know UTF-8 writes it."""


def test_a_name_that_is_no_utf8_is_told_by_every_listing(tmp_path: Path) -> None:
    for folder in ("normal", "mass/a"):
        (tmp_path / folder).mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / folder / "1.png")
    (tmp_path / "mass/a" / LATIN).write_bytes((tmp_path / "normal/1.png").read_bytes())
    told = r"mass/a holds M\\udcfcller\.png, whose name is no UTF-8.* Rename it"
    for labels in (
        lambda: Folder(str(tmp_path), classes=("mass",), labels="folders", negative=("normal",)).read_labels(tmp_path),
        lambda: describe(tmp_path),
        lambda: class_folder_images(tmp_path / "mass/a"),
    ):
        with pytest.raises(DataError, match=told):
            labels()


def test_a_folder_whose_name_is_no_utf8_is_told(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff") / "inside"
    odd.mkdir(parents=True)
    with pytest.raises(DataError, match=r"holds \\udcff, whose name is no UTF-8"):
        describe(odd)
    with pytest.raises(DataError, match=r"holds \\udcff, whose name is no UTF-8"):
        folders_of(tmp_path)
    with pytest.raises(DataError, match=r"holds \\udcff, whose name is no UTF-8"):
        folders_in(tmp_path)


def test_the_name_of_what_nothing_reads_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"M\xfcller.txt")).write_text("notes")
    (tmp_path / "1.png").write_bytes(b"")
    assert [path.name for path in files_in(tmp_path) if path.suffix == ".png"] == ["1.png"]
