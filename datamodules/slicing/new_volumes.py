"""New volumes that nobody labelled: their slices, read as those of a dataset, and masks of them put back together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.files.listing import ending_of, files_in
from datamodules.files.volume_files import ITK, NIFTI
from datamodules.slicing.cases import Pattern
from datamodules.slicing.cutting import Cut
from datamodules.slicing.kept import Image, looked_at, shown
from datamodules.slicing.putting_back import put_back
from datamodules.unseen.contract import InVolumes
from specs.errors import DataError
from specs.quoting import plain

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

DIGITS = 3
"""How many digits the number of a slice has in its name, at least."""


@dataclass(frozen=True)
class NewVolumes(InVolumes):
    """Slices of volumes. Each slice of a volume is an image, whichever ones the dataset itself takes.

    The files of a case are those that fit the dataset's own patterns. Where none fits and a case is one file, each file
    of a volume is a case.

    Attributes:
        cut: the way in which slices are taken out of volumes.
        window: the center and the width of what is shown; None: each channel of each volume has its own.
        patterns: the paths of a case's files, one for each channel or one for all, in which stars name the case.
        together: how many channels each file holds.
    """

    cut: Cut
    window: tuple[float, float] | None
    patterns: tuple[Pattern, ...]
    together: int = 1

    def found(self, folder: Path) -> list[str]:
        """The slices of all volumes, named as in the dataset: the case, the axis and the number of the slice.

        Raises:
            DataError: if a volume cannot be looked at, or lacks the file of a channel.
        """
        return [name for case in self._cases(folder) for name in self.slices_of(folder, case)]

    def slices_of(self, folder: Path, volume: str) -> list[str]:
        """The names of a volume's slices, in order."""
        count = self.cut.count(looked_at(self._image(folder, volume)))
        digits = max(DIGITS, len(str(count - 1)))
        return [f"{volume}/{self.cut.axis}-{number:0{digits}d}" for number in range(count)]

    def read(self, folder: Path, name: str) -> Pixels:
        """A slice in each channel, and its neighbours where the dataset has them."""
        return self.cut.image(*shown(self._image(folder, self.volume_of(name)), self.window), _number(name))

    def unlike(self, folder: Path, name: str) -> str | None:
        """Nothing: a volume has no colors, and its grid is brought to that of slices."""
        return None

    def volume_of(self, name: str) -> str:
        """The case that a slice is of."""
        return name.rpartition("/")[0]

    def put_back(self, folder: Path, volume: str, masks: Mapping[str, Pixels], path: Path) -> None:
        """Write the masks of a volume's slices as NIfTI on the grid of the volume."""
        image = self._image(folder, volume)
        by_number = {_number(name): mask for name, mask in masks.items()}
        put_back(by_number, image.files[0], self.cut.axis, path, image.channels)

    def _cases(self, folder: Path) -> list[str]:
        first = self.patterns[0].found(folder)
        if not first and len(self.patterns) == 1:
            volumes = (one for one in files_in(folder) if ending_of(one.name) in (*NIFTI, *ITK))
            return [path.relative_to(folder).as_posix() for path in volumes]
        for case in first:
            lacking = [one for one in self._image(folder, case).files if not one.exists()]
            if lacking:
                raise DataError(
                    f"the volume {plain(case)} lacks {plain(lacking[0].relative_to(folder))}. Put the file there, or "
                    "move the volume away."
                )
        return list(first)

    def _image(self, folder: Path, case: str) -> Image:
        """The files of a case: those that fit the patterns, or the file that it is named after."""
        if len(self.patterns) == 1 and ending_of(case) in (*NIFTI, *ITK) and (folder / case).is_file():
            return Image((folder / case,), self.together)
        return Image(tuple(folder / one.path_of(case) for one in self.patterns), self.together)


def _number(name: str) -> int:
    """The number of a slice in its volume."""
    return int(name.rpartition("-")[2])
