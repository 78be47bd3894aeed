"""Images of which each channel is a file of its own: which files they are, and reading them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from datamodules.files.names import Names, without_ending
from datamodules.files.one_file import read_file
from specs.errors import DataError, UsageError
from specs.quoting import names, plain

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Channels:
    """How the names of an image's files end, before the ending, one file for each channel in order.

    The first channel's file stands for the image. The others lie beside it, with the same ending.

    Attributes:
        suffixes: what the name of each channel's file ends in; none: an image is one file.
    """

    suffixes: tuple[str, ...]

    @property
    def first(self) -> str:
        """What the names of the files that stand for images end in; empty where an image is one file."""
        return self.suffixes[0] if self.suffixes else ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the channels are called: their suffixes without the signs at the ends, where these still differ."""
        short = tuple(suffix.strip(" _-.") for suffix in self.suffixes)
        return short if all(short) and len(set(short)) == len(short) else self.suffixes

    def files(self, source: str) -> tuple[str, ...]:
        """The paths of an image's files in the order of its channels, whether they are there or not.

        Args:
            source: the path of the file that stands for the image.
        """
        if not self.suffixes:
            return (source,)
        path = PurePosixPath(source)
        stem = path.stem.removesuffix(self.first)
        return tuple(path.with_name(f"{stem}{suffix}{path.suffix}").as_posix() for suffix in self.suffixes)

    def images(self, sources: Iterable[str], strict: bool) -> list[str]:
        """The paths that stand for images, sorted, of which any channel is among some files.

        Args:
            sources: the paths of files.
            strict: whether a file that is no channel is refused; else it is left out.

        Raises:
            DataError: names a file that is no channel.
        """
        if not self.suffixes:
            return list(sources)
        found = set[str]()
        for source in sources:
            path = PurePosixPath(source)
            suffix = next((one for one in self.suffixes if path.stem.endswith(one)), None)
            if suffix is not None and path.stem != suffix:
                found.add(path.with_name(f"{path.stem.removesuffix(suffix)}{self.first}{path.suffix}").as_posix())
            elif strict:
                raise DataError(
                    f"{plain(source)} is no channel of an image: its name ends in none of "
                    f"{names(self.suffixes)}. Move it away, or name its end in beside."
                )
        return sorted(found)

    def find(self, image: str, files: Names) -> str | None:
        """The path of the file that stands for the image of a table's cell; None: there is none, or several.

        Args:
            image: the cell: the path without suffix, as ``p1`` or ``p1.png``, or that of the first channel's file.
            files: the files under the dataset's folder.

        Raises:
            DataError: if the cell names another channel's file.
        """
        if not self.suffixes:
            return files.find(image)
        stem = without_ending(image)
        longer = f"{stem}{self.first}{image[len(stem) :]}"
        tried = (image, longer) if stem.endswith(self.first) else (longer, image)
        found = next((one for one in map(files.find, tried) if one is not None), None)
        if found is not None and not PurePosixPath(found).stem.endswith(self.first):
            raise DataError(
                f"{plain(image)} is one file, and an image is {len(self.suffixes)}, whose names end in "
                f"{names(self.suffixes)}. Give each image one row, with its name without these ends, or with the "
                "first of them."
            )
        return found

    def lacking(self, root: Path, sources: Sequence[str]) -> str | None:
        """A sentence's beginning on images that lack a file of a channel; None where none does.

        Args:
            root: the dataset's folder.
            sources: the paths of the files that stand for images.
        """
        if not self.suffixes:
            return None
        missing = {
            source: gone
            for source in sources
            for gone in [one for one in self.files(source) if not (root / one).exists()][:1]
        }
        if not missing:
            return None
        gone = next(iter(missing.values()))
        return f"{len(missing)} images lack a channel: there is no {plain(gone)},"

    def read(self, root: Path, source: str, channels: int) -> Pixels:
        """An image: (H, W) of one channel, else (H, W, C).

        Args:
            root: the dataset's folder.
            source: the path of the file that stands for the image.
            channels: the number of channels that one file is read as, 1, 3 or 4, where an image is one file.

        Raises:
            DataError: if a file is missing or unreadable, or the files are not of one size.
        """
        import numpy as np

        if not self.suffixes:
            return read_file(root / source, channels)
        files = self.files(source)
        planes = [read_file(root / one, 1) for one in files]
        for file, plane in zip(files, planes, strict=True):
            if plane.shape != planes[0].shape:
                (rows, columns), (height, width) = plane.shape, planes[0].shape
                raise DataError(
                    f"{plain(root / file)} has {rows} x {columns} pixels, expected {height} x {width} as "
                    f"{plain(files[0])}, the first channel of the same image. Bring all channels to one size, such as "
                    "by the program that registered them."
                )
        return planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)


def check_channels(channels: int, suffixes: Sequence[str]) -> None:
    """Refuse numbers of channels that no file has, and suffixes of channels that cannot be told apart.

    Args:
        channels: the number of channels that was asked for; 1 where that was left out.
        suffixes: what the name of each channel's file ends in; none: an image is one file.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if not suffixes and channels not in (1, 3, 4):
        raise UsageError(
            "argument channels of folder: expected 1 (grayscale), 3 (RGB) or 4 (those that files of four channels "
            f"hold), found {channels}. For others, give each channel a file of its own: "
            'channel_suffixes=("_t1", "_t2").'
        )
    if suffixes and channels not in (1, len(suffixes)):
        raise UsageError(
            f"arguments channels and channel_suffixes of folder: {len(suffixes)} suffixes are {len(suffixes)} "
            f"channels, found channels={channels}. Leave channels out."
        )
    for suffix, count in Counter(suffixes).items():
        longer = any(one != suffix and one.endswith(suffix) for one in suffixes)
        if not suffix or "/" in suffix or count > 1 or longer:
            raise UsageError(
                "argument channel_suffixes of folder: expected different ends of files' names, none of which is empty "
                f'or the end of another, such as ("_t1", "_t2"), found {names(suffixes)}. Rename '
                "the files."
            )
