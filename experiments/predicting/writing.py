"""The files of predictions: a table that grows batch by batch, masks, and what they were made with.

Rows go into ``predictions.csv.part``, which becomes ``predictions.csv`` when all images are done. So an interrupted
prediction goes on with the first batch that is missing, and its rows are those of an uninterrupted one. Rows stand at
places that follow from the images, so that two at once do no harm to each other.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.listing import ending_of
from datamodules.files.volume_files import ITK, NIFTI
from datamodules.unseen.contract import InVolumes, Unseen
from specs.errors import StorageError, UsageError
from specs.files import filling, replacing, write_json
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLE, ABOUT, MASKS, SLICES = "predictions.csv", "predictions.json", "masks", "slices"
"""The names of the table, of the file that says what it was made with, of the folder of masks, and of that of masks of
slices, which is removed once they are put back together."""

FOREGROUND = 255
"""The value of foreground in masks of one class; no class of several has this number."""

SHADES = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
"""The colors in which masks show their classes, the background first: Okabe and Ito 2008, told apart by color-blind
people too (https://jfly.uni-koeln.de/color/); further classes begin anew behind the background."""


class PredictionFiles:
    """The files of one prediction in a folder.

    Args:
        folder: the folder of the files; it is made if it is not there.
        header: the names of the table's columns.
        about: what the predictions are made with, as plain data; it tells whether earlier files are of the same.

    Raises:
        UsageError: if the folder holds predictions that were made with something else.
        StorageError: if it cannot be written.
    """

    def __init__(self, folder: Path, header: Sequence[str], about: Mapping[str, Any]) -> None:
        self.folder, self.header = folder, tuple(header)
        self.about, self._end = dict(about), 0
        with filling(folder):
            folder.mkdir(parents=True, exist_ok=True)
        earlier = self._earlier()
        if earlier is not None and earlier["made_with"] != self.about:
            differing = sorted(name for name in self.about if earlier["made_with"].get(name) != self.about[name])
            raise UsageError(
                f"{plain(folder, LONGEST_PATH)} holds other predictions: they differ in {', '.join(differing)}. Name "
                "another folder with --output, or move these away."
            )
        if earlier is None:
            self._write_about({})

    @property
    def table(self) -> Path:
        """The path of the finished table."""
        return self.folder / TABLE

    @property
    def finished(self) -> bool:
        """Whether the table is finished."""
        return self.table.is_file()

    def rows_done(self, batch_size: int) -> int:
        """How many rows an interrupted prediction left, whole batches alone; further rows are written behind them.

        Args:
            batch_size: how many rows a batch has.
        """
        with filling(self._part), self._part.open("ab"):
            pass
        ends = _ends_of_rows(self._part.read_bytes().decode(errors="replace"))
        if not ends:
            self._end = 0
            self.add([self.header])
            return 0
        done = (len(ends) - 1) // batch_size * batch_size
        self._end = ends[done]
        return done

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """Add the rows of a batch to the table.

        They are written at their own place, so that two predictions of the same images at once write the same bytes.
        """
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        content = text.getvalue().encode()
        with filling(self._part):
            try:
                with self._part.open("r+b") as file:
                    file.seek(self._end)
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            except FileNotFoundError:
                if not self.finished:  # another prediction of the same has finished it
                    raise
        self._end += len(content)

    def rows(self) -> Iterator[dict[str, str]]:
        """The rows that are written, by the names of their columns."""
        with (self.table if self.finished else self._part).open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def mask_of(self, name: str, unseen: Unseen) -> str:
        """The path of an image's mask under the folder: its own, or that of the volume whose slice it is."""
        if isinstance(unseen, InVolumes):
            return f"{MASKS}/{_unpacked(unseen.volume_of(name))}.nii.gz"
        return self._mask(name, unseen).relative_to(self.folder).as_posix()

    def write_mask(self, name: str, unseen: Unseen, mask: NDArray[np.uint8], classes: int) -> None:
        """Write the mask of an image as PNG.

        Of one class, foreground is 255. Of several, pixels hold the numbers of the classes, shown in colors.

        Args:
            name: the name of the image, a path under its folder.
            unseen: what the image was read by; masks of slices lie apart until they are put back together.
            mask: the mask (H, W): 0, or the number of a class.
            classes: how many classes there are.
        """
        import numpy as np
        from PIL import Image

        path = self._mask(name, unseen)
        picture = Image.fromarray(mask * np.uint8(FOREGROUND) if classes == 1 else mask)
        if classes > 1:
            picture.putpalette([value for shade in (*SHADES, *SHADES[1:] * 36)[:256] for value in shade])
        with filling(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            picture.save(temporary, "PNG")

    def put_back(self, unseen: InVolumes, folder: Path, names: Sequence[str]) -> None:
        """Put the masks of slices back together, a NIfTI file for each volume; those of slices are then removed.

        A volume of which a slice could not be read gets none.

        Args:
            unseen: what the slices were read by.
            folder: the folder that the volumes are in.
            names: the names of all slices.
        """
        import numpy as np
        from PIL import Image

        for volume, slices in itertools.groupby(names, unseen.volume_of):
            paths = {name: self._mask(name, unseen) for name in slices}
            if all(path.is_file() for path in paths.values()):
                masks = {}
                for name, path in paths.items():
                    with Image.open(path, formats=("PNG",)) as picture:
                        shown = np.asarray(picture)
                    masks[name] = np.where(shown == FOREGROUND, 1, shown).astype(np.uint8)
                unseen.put_back(folder, volume, masks, self.folder / MASKS / f"{_unpacked(volume)}.nii.gz")
            for path in paths.values():
                path.unlink(missing_ok=True)
        if (self.folder / SLICES).is_dir():
            shutil.rmtree(self.folder / SLICES)

    def finish(self, found: Mapping[str, Any]) -> None:
        """Finish the table, and write down what was found.

        Args:
            found: what a reader should know of the predictions, as plain data.
        """
        self._write_about(found)
        try:
            os.truncate(self._part, self._end)
            os.replace(self._part, self.table)
        except FileNotFoundError:
            if not self.finished:  # another prediction of the same has finished it
                raise

    @property
    def found(self) -> dict[str, Any]:
        """What was written down of finished predictions."""
        earlier = self._earlier()
        assert earlier is not None
        found: dict[str, Any] = earlier["found"]
        return found

    def _mask(self, name: str, unseen: Unseen) -> Path:
        return self.folder / (SLICES if isinstance(unseen, InVolumes) else MASKS) / f"{name}.png"

    @property
    def _part(self) -> Path:
        return self.folder / f"{TABLE}.part"

    def _earlier(self) -> dict[str, Any] | None:
        path = self.folder / ABOUT
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(data, dict) or not isinstance(data.get("made_with"), dict):
                raise ValueError("it does not say what predictions were made with")
        except FileNotFoundError:
            if self.table.exists() or self._part.exists():
                raise UsageError(
                    f"{plain(self.folder, LONGEST_PATH)} has a {TABLE} and no {ABOUT} that says what it was made with. "
                    "Name another folder with --output, or move it away."
                ) from None
            return None
        except (OSError, ValueError) as error:
            raise StorageError(f"{path} is damaged ({error}). Move the folder away and predict again.") from error
        return data

    def _write_about(self, found: Mapping[str, Any]) -> None:
        write_json(self.folder / ABOUT, {"made_with": self.about, "found": found})


def _unpacked(volume: str) -> str:
    """The name of a volume without the ending of a file."""
    return volume[: len(volume) - len(ending_of(volume))] if ending_of(volume) in (*NIFTI, *ITK) else volume


def _ends_of_rows(text: str) -> list[int]:
    """Where each whole row of a table ends, in bytes: a line break inside of quotation marks ends none."""
    ends, quoted, place = [], False, 0
    for character in text:
        place += len(character.encode())
        if character == '"':
            quoted = not quoted
        elif character == "\n" and not quoted:
            ends.append(place)
    return ends
