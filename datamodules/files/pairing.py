"""Pairing images with masks: the names are equal except for what stands before and behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from datamodules.files.images import unreadable
from datamodules.files.listing import image_files_in
from specs.errors import DataError
from specs.quoting import plain


class Affix(NamedTuple):
    """What the names of images, or of masks, have before and behind the part that both share.

    Attributes:
        prefix: what stands before the common part, such as ``mask_``; may be empty.
        suffix: what stands behind the common part and before the ending, such as ``_segmentation``; may be empty.
    """

    prefix: str = ""
    suffix: str = ""

    def common(self, stem: str) -> str | None:
        """A path's stem without prefix and suffix; None where its last part lacks one of them, or has nothing else."""
        folder, slash, name = stem.rpartition("/")
        if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
            return None
        inner = name.removeprefix(self.prefix)
        if len(inner) <= len(self.suffix):
            return None
        return folder + slash + inner.removesuffix(self.suffix)

    def of(self, stem: str) -> str:
        """A path's stem with the prefix and the suffix put to its last part."""
        folder, slash, name = stem.rpartition("/")
        return f"{folder}{slash}{self.prefix}{name}{self.suffix}"


WHOLE = Affix()
"""The affix of names that have nothing but the common part."""


def stem_of(source: str, images: str, affix: Affix = WHOLE) -> str:
    """The part of an image's path that its mask shares: under the folder of images, without ending and affix.

    Args:
        source: the image's path under the dataset's folder.
        images: the folder of images, under the dataset's folder; ``*/images`` is one in each of several folders.
        affix: what the names of images have before and behind the part that they share with masks.
    """
    stem = _under(source, images).with_suffix("").as_posix()
    return affix.common(stem) or stem


def _under(source: str, folder: str) -> PurePosixPath:
    """A path under a folder, behind the one that ``*`` stands for; as it is where it is not in that folder."""
    path, parts = PurePosixPath(source), PurePosixPath(folder).parts
    if parts[:1] != ("*",):
        inner = path.is_relative_to(folder) and path != PurePosixPath(folder)
        return path.relative_to(folder) if inner else path
    inside = path.parts[1 : len(parts)] == parts[1:]
    return PurePosixPath(path.parts[0], *path.parts[len(parts) :]) if inside else path


def _tops(root: Path, folder: str) -> list[Path]:
    """The folders that a path stands for, in which a leading ``*`` is any folder."""
    return sorted(root.glob(folder)) if folder.startswith("*/") else [root / folder]


def images_in(root: Path, folder: str, affix: Affix, masks: Collection[Path], beside: Sequence[str]) -> list[Path]:
    """The images of a folder, sorted: the files whose names have the affix, without masks and files beside.

    Args:
        root: the dataset's folder.
        folder: the folder of images under the dataset's folder; ``*/images`` is one in each of several folders.
        affix: what the names of images have before and behind the part that they share with masks.
        masks: the files that are masks, which are no images.
        beside: how the names of files that are neither images nor masks end, before the ending.
    """
    return [
        path
        for top in _tops(root, folder)
        for path in image_files_in(top)
        if path not in masks and affix.common(path.stem) is not None and not path.stem.endswith(tuple(beside))
    ]


def masks_in(root: Path, folder: str, affix: Affix, beside: Sequence[str] = ()) -> dict[str, Path]:
    """The masks of a folder, by the part of their names that their images share.

    Args:
        root: the dataset's folder.
        folder: the folder of masks under the dataset's folder; it may hold other files too if there is an affix.
        affix: what the names of masks have before and behind the part that they share with images.
        beside: how the names of files that are neither images nor masks end, before the ending.

    Raises:
        DataError: if an image has two masks.
    """
    found = [
        (_under(path.relative_to(root).as_posix(), folder).with_suffix("").as_posix(), path)
        for top in _tops(root, folder)
        for path in image_files_in(top)
        if not path.stem.endswith(tuple(beside))
    ]
    masks = [(common, path) for stem, path in found if (common := affix.common(stem)) is not None]
    twice = [stem for stem, count in Counter(stem for stem, _ in masks).items() if count > 1]
    if twice:
        raise DataError(f"{root / folder} has two masks named {plain(affix.of(twice[0]))}. Keep one of them.")
    by_stem = dict(masks)
    if affix.suffix:
        for stem, path in found:
            first, between, more = stem.rpartition(affix.suffix)
            if between and more and (common := Affix(affix.prefix).common(first)) in by_stem:
                raise DataError(
                    f"{plain(path)} seems to be one more mask of {plain(first)}, beside {plain(by_stem[common].name)}. "
                    "Join them into one file, or move it away."
                )
    return by_stem


def refuse_own_masks(image: Path, mask: Path) -> None:
    """Refuse a mask that is the image's very file, by whatever name.

    Raises:
        DataError: names it.
    """
    if image == mask or (mask.exists() and image.exists() and image.samefile(mask)):
        raise DataError(
            f"{image} would be its own mask. Name the folder of masks (masks=), or what the names of masks have before "
            'or behind those of images, such as mask_suffix="_mask".'
        )


def refuse_same_bytes(image: Path, mask: Path) -> None:
    """Refuse a mask that is a copy of its image.

    Raises:
        DataError: names it.
    """
    try:
        same = image.stat().st_size == mask.stat().st_size and image.read_bytes() == mask.read_bytes()
    except OSError:
        return  # reading the two raises an error that says what is wrong
    if same:
        raise unreadable(mask, f"it is a copy of the image {image} and is to be its mask", "Put the mask in its place.")
