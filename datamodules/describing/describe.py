"""Describing a folder of images: finding the ways in which it can be read as a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.channeled import Channeled, names_single_files, ways
from datamodules.describing.foldered import by_folders
from datamodules.describing.paired import by_masks
from datamodules.describing.pictures import Look, look_at
from datamodules.describing.reading import Reading, given
from datamodules.describing.series import Series, series_among
from datamodules.describing.sheets import Sheet, sheets_of
from datamodules.describing.survey import Survey, inner_folder, survey
from datamodules.describing.tabular import by_tables, is_labelled
from datamodules.describing.tried import Tried, tried
from datamodules.describing.volumed import Volumed, by_volumes, not_read
from datamodules.files.listing import in_utf8
from datamodules.files.names import Names
from datamodules.folders.channels import Channels
from specs.errors import DataError
from specs.quoting import names


@dataclass(frozen=True)
class Description:
    """What was found in a folder of images, and how it can be read.

    Attributes:
        folder: the folder that was looked into, absolute.
        found: a sentence on each kind of files in it.
        readings: the ways in which the folder can be read, each tried on its files.
        unread: a sentence on each thing that is not read.
    """

    folder: Path
    found: tuple[str, ...]
    readings: tuple[Tried, ...]
    unread: tuple[str, ...]

    @property
    def chosen(self) -> Tried | None:
        """The reading that is used where nobody chooses: the only one, if it can be read and asks no question."""
        only = self.readings[0] if len(self.readings) == 1 else None
        return only if only is not None and not only.reading.asks and only.census is not None else None


def describe(folder: Path) -> Description:
    """Look into a folder and say how it can be read. Nothing is written.

    Raises:
        DataError: if there is no such folder, it may not be looked into, or a name in its path or in it is no UTF-8.
    """
    given_folder = folder.expanduser().absolute()
    if not given_folder.is_dir():
        raise DataError(f"{folder} is no folder. Name the folder of the images.")
    for outer in given_folder.parents:
        in_utf8((given_folder.relative_to(outer).parts[0],), outer)
    root = inner_folder(given_folder)
    found = survey(root)
    said = found.found()
    series = series_among(root, found.by_folder)
    volumed = by_volumes(root, [*found.volumes, *series.folders], found.tables)
    if series.folders and volumed.readings:
        said.append(f"{len(series.folders):,} folders hold a DICOM series each")
        found = found.without(series.folders)
    imaged = _of_images(root, found.without_tables(volumed.tables), series.folders)
    readings = [*imaged.readings, *volumed.readings]
    unread = [
        *_volumes_not_read(found, series, volumed),
        *(() if volumed.readings and not found.images else _not_read(found, imaged.sheets)), *imaged.unread,
    ]  # fmt: skip
    return Description(
        given_folder, tuple(said), tuple(one for reading in readings for one in tried(reading)), tuple(unread)
    )


class _Imaged(NamedTuple):
    """What was found of images.

    Attributes:
        readings: the readings of the folder as images.
        sheets: the tables that can be read.
        unread: a sentence on each table or image that cannot be read.
    """

    readings: list[Reading]
    sheets: list[Sheet]
    unread: list[str]


def _of_images(root: Path, found: Survey, series: Collection[str]) -> _Imaged:
    """The readings of images: with each way to take files as their channels.

    Args:
        root: the folder that holds them.
        found: the files of the folder.
        series: the paths of folders that hold a DICOM series each, which are no class folders.
    """
    files, chosen, readings = Names(root), ways(found.images), list[Reading]()
    sheets, damaged = sheets_of(root, found.tables, found.images, files.find)
    if any(one.channels.suffixes for one in chosen) and (single := _naming_single_files(chosen, sheets)):
        said = f"{single} names the files of single channels, so each file counts as an image"
        chosen = [Channeled(Channels(()), found.images, unsure=(said,))]
    looks = list[Look]()
    for way in chosen:
        masked = by_masks(root, found.with_images(way.images))
        if way.channels.suffixes:
            sheets, damaged = sheets_of(root, found.tables, masked.images, partial(_found_of, way.channels, files))
        labelled = by_tables(root, sheets)
        in_folders = [
            one
            for one in by_folders(root, masked.images, masked.beside)
            if not any(folder.count("/") == ("split_by" in one.arguments) for folder in series)
        ]
        if labelled and in_folders:
            said = f"{in_folders[0].why[0]}; they are not taken for classes, since a table labels the images"
            labelled, in_folders = [reading.also(unsure=(said,)) for reading in labelled], []
        masks = set(way.images) - set(masked.images)
        looks.append(look_at(root, [name for name in found.images if name not in masks]))
        own = [way.stated(reading) for reading in [*labelled, *in_folders, *masked.readings]]
        readings += [one for reading in own for one in _in_channels(reading, way, looks[-1])]
    return _Imaged(readings, sheets, [*damaged, *looks[0].unreadable])


def _naming_single_files(chosen: Sequence[Channeled], sheets: Sequence[Sheet]) -> str:
    """The name of a table that names the files of single channels; empty where none does."""
    for sheet in sheets:
        if sheet.image is not None and sheet.share and names_single_files(chosen[0].channels, list(sheet.image.values)):
            return sheet.name
    return ""


def _found_of(channels: Channels, files: Names, cell: str) -> str | None:
    """The file that stands for the image that a cell names; None: there is none, or the cell names another channel."""
    try:
        return channels.find(cell, files)
    except DataError:
        return None


def _in_channels(reading: Reading, way: Channeled, look: Look) -> Iterator[Reading]:
    """The reading with the number of channels that a look at images shows; two where a fourth one may count."""
    if way.channels.suffixes:
        gray = ("files of channels are in color: each is read as gray",) if look.channels == 3 else ()
        yield reading.also(unsure=gray)
    elif look.fourth:
        said = (
            f"{look.fourth} of {look.looked} images that were looked at have a fourth channel that is no transparency"
        )
        yield reading.also(given(channels=4), (f"{said}; here it counts",)).called(", four channels")
        yield reading.also(given(channels=3), (f"{said}; here it is left out",)).called(", three channels")
    elif look.channels == 3:
        yield reading.also(given(channels=3), ("some images are in color",))
    else:
        yield reading


def _volumes_not_read(found: Survey, series: Series, volumed: Volumed) -> Iterator[str]:
    """Sentences on volumes that are not read."""
    yield from volumed.unread
    if series.said:
        yield series.said
    if not volumed.readings and series.folders:
        yield (
            f"{len(series.folders):,} folders hold the slices of a DICOM series each, such as "
            f"{series.folders[0] or 'the folder'}: here each file counts as an image; the dataset volumes reads them, "
            "with masks, a table of cases, or class folders above them (docs/own_data.md)"
        )
    if not volumed.readings and found.volumes and not volumed.unread:
        yield not_read(found.volumes)


def _not_read(found: Survey, sheets: Sequence[Sheet]) -> Iterator[str]:
    """Sentences on the kinds of files that are not read."""
    if found.archives and not found.images:
        yield f"{len(found.archives)} archives ({names(found.archives, 2)}): unpack them first"
    for sheet in sheets:
        if not is_labelled(sheet):
            yield from sheet.unsure
            yield f"{sheet.name}: no column " + ("names images" if sheet.image is None else "seems to hold labels")
