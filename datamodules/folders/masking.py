"""Where the masks of a folder's images are, and what of them is which class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from datamodules.files.class_masks import Mark, Marks, read_class_mask
from datamodules.files.masks import Foreground, one_value, read_mask
from datamodules.files.pairing import Affix, masks_in, refuse_own_masks, refuse_same_bytes, stem_of
from specs.errors import DataError
from specs.quoting import plain

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

Overlap = Literal["refuse", "later"]
"""What holds where masks of several classes overlap: nothing, that is an error; or the class that is named later."""


@dataclass(frozen=True)
class Masking:
    """The arguments of a folder that are about masks.

    Attributes:
        classes: the names of the foreground classes.
        images: the folder of images, under the dataset's folder.
        image_affix: what images' names have beside what they have in common with masks'.
        places: the folder and the affix of masks; one for all classes, or one for each, whose files mark it alone.
        beside: what names end in, before the ending, of files that are neither images nor masks.
        foreground: the values that are foreground in a file that marks one class.
        values: the marks of each class in a file that marks several.
        ignored: the marks of pixels of which nobody said what they show, in such a file.
        overlap: what holds where files of several classes mark the same pixel.
    """

    classes: tuple[str, ...]
    images: str
    image_affix: Affix
    places: tuple[tuple[str, Affix], ...]
    beside: tuple[str, ...]
    foreground: Foreground
    values: tuple[Marks, ...]
    ignored: tuple[Mark, ...]
    overlap: Overlap

    def forget(self, root: Path) -> None:
        """Look for masks anew, since files may have come and gone."""
        for key in [one for one in _FOUND if one[0] == root]:
            _FOUND.pop(key, None)

    def all_masks(self, root: Path) -> set[Path]:
        """The files that are masks."""
        return {path for place in self.places for path in self._found(root, place).values()}

    def masks(self, root: Path, source: str) -> tuple[Path, ...]:
        """The masks of an image, in the order of ``places``, as they are called or would be called."""
        stem = self.stem(source)
        return tuple(
            self._found(root, (folder, affix)).get(stem, root / folder / f"{affix.of(stem)}.png")
            for folder, affix in self.places
        )

    def lacking(self, root: Path, sources: Sequence[str]) -> str | None:
        """A sentence's beginning on images that lack a mask, with what seems to be meant; None where none does."""
        for folder, affix in self.places:
            found = self._found(root, (folder, affix))
            missing = [source for source in sources if self.stem(source) not in found]
            if not missing:
                continue
            name = f"{missing[0]} (a name with {affix.suffix} behind it)" if affix.suffix else missing[0]
            said = f"{len(missing)} images have no mask in {folder}/, such as {plain(name, 160)},"
            stem = self.stem(missing[0])
            if longer := next((one for one in found if one.startswith(stem)), None):
                said += f" but one with more behind it: mask_suffix={plain(longer.removeprefix(stem))!r},"
            return said
        return None

    def check_own(self, root: Path, source: str) -> None:
        """Refuse an image that would be its own mask.

        Raises:
            DataError: names it.
        """
        for mask in self.masks(root, source):
            refuse_own_masks(root / source, mask)

    def read(self, root: Path, source: str) -> Pixels:
        """The mask of an image, (H, W) uint8: 0, the number of a class from 1 on, or ``specs.task.IGNORED``.

        Raises:
            DataError: if a file is missing or unreadable, or marks what it may not.
        """
        return self._read(root, source, self.masks(root, source))

    def read_second(self, root: Path, source: str, suffix: str) -> Pixels | None:
        """The mask of a second observer, in the form of ``read``; None where the image has none.

        Args:
            root: the dataset's folder.
            source: the image's path under it.
            suffix: what the names of the second observer's masks have behind those of images.

        Raises:
            DataError: if the file is unreadable, or marks what it may not.
        """
        (folder, affix), *_ = self.places
        place = folder, Affix(affix.prefix, suffix)
        beside = tuple(one for one in self.beside if one != suffix)
        mask = replace(self, places=(place,), beside=beside)._found(root, place).get(self.stem(source))
        return None if mask is None else self._read(root, source, (mask,))

    def _read(self, root: Path, source: str, masks: tuple[Path, ...]) -> Pixels:
        """The mask that files hold together."""
        import numpy as np

        for mask in masks:
            refuse_same_bytes(root / source, mask)
        if len(self.classes) == 1:
            return read_mask(masks[0], self.foreground)
        if len(masks) == 1:
            return read_class_mask(masks[0], self.values or range(1, len(self.classes) + 1), self.ignored)
        planes = [read_mask(mask, self.foreground) for mask in masks]
        if len({plane.shape for plane in planes}) > 1:
            sizes = " and ".join(f"{height} x {width}" for height, width in (plane.shape for plane in planes))
            raise DataError(f"the masks of {plain(source)} are of {sizes} pixels, expected one size. Mend the files.")
        joint = np.zeros_like(planes[0])
        for number, plane in enumerate(planes, 1):
            if self.overlap == "refuse" and (both := np.unique(joint[plane > 0])[-1:]).any():
                raise DataError(
                    f"the masks of {plain(source)} mark the same pixels as {self.classes[int(both[0]) - 1]} and "
                    f"{self.classes[number - 1]}. If the later of the two lies on the earlier, as a tumour on its "
                    'organ, give overlap="later".'
                )
            joint[plane > 0] = number
        return joint

    def one_value(self, root: Path, source: str) -> float | None:
        """The value that marks foreground, where all files of the dataset have to have the same; else None."""
        if self.foreground != "one value" or len(self.classes) > 1:
            return None
        return one_value(self.masks(root, source)[0])

    def stem(self, source: str) -> str:
        """What the names of an image and of its masks have in common."""
        return stem_of(source, self.images, self.image_affix)

    def _found(self, root: Path, place: tuple[str, Affix]) -> dict[str, Path]:
        """The masks of a place by what their names have in common with those of their images."""
        key = root, *place, self.beside
        if key not in _FOUND:
            _FOUND[key] = masks_in(*key)
        return _FOUND[key]


def places_of(
    folders: str | tuple[str, ...], prefix: str, suffixes: str | tuple[str, ...]
) -> tuple[tuple[str, Affix], ...]:
    """The places of masks: one, or as many as there are folders or suffixes.

    Args:
        folders: the folder of masks, or several.
        prefix: what the names of masks have before those of their images.
        suffixes: what they have behind, or several.
    """
    count = max(len(one) if isinstance(one, tuple) else 1 for one in (folders, suffixes))
    pairs = zip(*(one if isinstance(one, tuple) else (one,) * count for one in (folders, suffixes)), strict=True)
    return tuple((folder, Affix(prefix, suffix)) for folder, suffix in pairs)


_FOUND: dict[tuple[Path, str, Affix, tuple[str, ...]], dict[str, Path]] = {}
