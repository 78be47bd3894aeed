"""Listing images that lie in one folder for each class, with or without folders of splits above them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.files.listing import LEFT_BY_SYSTEMS, image_files_in, in_utf8
from datamodules.folders.splitting import NAMES
from specs.errors import DataError, UsageError
from specs.quoting import names, plain


class ImageInFolder(NamedTuple):
    """An image in its folder.

    Attributes:
        source: the path of the image under the dataset's folder.
        folder: the name of its class folder.
        split: the name of the folder of its split; empty where there is none.
    """

    source: str
    folder: str
    split: str


def images_in_folders(root: Path, folders: Sequence[str], by_split: bool, beside: Sequence[str]) -> list[ImageInFolder]:
    """The images of class folders, sorted by path.

    Args:
        root: the folder that holds the class folders, or the folders of splits that hold them.
        folders: the names of the class folders.
        by_split: whether the class folders are in folders of splits.
        beside: the names of folders that hold no images of the dataset, and how the names of other files that do not
            belong to it end.

    Raises:
        UsageError: if a class folder is nowhere, and others are there.
        DataError: if a folder that holds images is none of them.
    """
    tops = [(root / name, name) for name in folders_of(root) if name.lower() in NAMES] if by_split else [(root, "")]
    listed, seen = [], set[str]()
    for top, split in tops:
        for name in folders_of(top):
            if name in beside:
                continue
            images = [path for path in image_files_in(top / name) if not path.stem.endswith(tuple(beside))]
            if images and name not in folders:
                raise DataError(
                    f"{top / name} holds images and is none of the classes ({names(folders, 20)}). Name it among "
                    'classes, negative=("FOLDER",) or beside=("FOLDER",).'
                )
            seen |= {name} & set(folders)
            listed += [ImageInFolder(path.relative_to(root).as_posix(), name, split) for path in images]
    for name in folders if listed else ():
        if name not in seen:
            raise UsageError(
                f"{root} has no class folder {plain(name)}; found {names(folders_of(tops[0][0]))}. Name the classes as "
                "their folders."
            )
    return listed


def folders_of(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted, without those that operating systems leave behind."""
    if not folder.is_dir():
        return []
    inside = [path.name for path in folder.iterdir() if path.is_dir()]
    return in_utf8((name for name in inside if not name.startswith(LEFT_BY_SYSTEMS)), folder)
