"""Describing a folder of images: finding the ways in which it can be read as a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.describing.foldered import by_folders
from datamodules.describing.paired import by_masks
from datamodules.describing.pictures import look_at, series_in
from datamodules.describing.reading import given
from datamodules.describing.sheets import Sheet, sheets_of
from datamodules.describing.survey import Survey, inner_folder, survey
from datamodules.describing.tabular import by_tables, is_labelled
from datamodules.describing.tried import Tried, tried
from datamodules.describing.volumed import by_volumes
from datamodules.files.listing import in_utf8
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
    sheets, damaged = sheets_of(root, found.tables, found.images)
    masked = by_masks(root, found)
    labelled = by_tables(root, sheets)
    in_folders = by_folders(root, masked.images, masked.beside)
    if labelled and in_folders:
        said = f"{in_folders[0].why[0]}; they are not taken for classes, since a table labels the images"
        labelled, in_folders = [reading.also(unsure=(said,)) for reading in labelled], []
    readings = [*labelled, *in_folders, *masked.readings]
    look = look_at(root, masked.images)
    if look.channels != 1:
        readings = [reading.also(given(channels=look.channels), ("some images are in color",)) for reading in readings]
    volumed = by_volumes(root, found.volumes)
    readings += volumed
    unread = [*damaged, *_not_read(root, found, sheets, bool(volumed)), *look.unreadable]
    return Description(
        given_folder, tuple(found.found()), tuple(one for reading in readings for one in tried(reading)), tuple(unread)
    )


def _not_read(root: Path, found: Survey, sheets: Sequence[Sheet], volumed: bool) -> Iterator[str]:
    """Sentences on the kinds of files that are not read."""
    if found.volumes and not volumed:
        yield (
            f"{len(found.volumes):,} volumes ({names(found.volumes, 2)}): no images and masks of the same names are "
            "among them; say where they are: volumes(images=..., masks=...), docs/own_data.md"
        )
    if series := series_in(root, found.by_folder):
        yield series
    if found.archives and not found.images:
        yield f"{len(found.archives)} archives ({names(found.archives, 2)}): unpack them first"
    for sheet in sheets:
        if not is_labelled(sheet):
            yield from sheet.unsure
            yield f"{sheet.name}: no column " + ("names images" if sheet.image is None else "seems to hold labels")
