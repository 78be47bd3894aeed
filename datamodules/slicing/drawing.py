"""Writing the phantom edition of volumes: drawn bodies in the layout and the formats that the arguments describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datamodules.files.dicom import write_dicom
from datamodules.files.itk_volumes import write_itk
from datamodules.files.nifti import write_nifti
from datamodules.files.volume_files import ITK, NIFTI
from datamodules.folders.drawing import label_cells, people_cells, write_rows
from datamodules.folders.labelling import Labelling
from datamodules.slicing.cases import Pattern
from datamodules.slicing.listing import USUAL
from datamodules.slicing.marking import Marking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COUNT = 40
"""How many volumes are drawn, two of each patient."""

SHAPE = (24, 20, 6)
"""How many voxels the drawn volumes have from side to side, from front to back and from foot to head."""

STEPS = (4.0, 4.0, 10.0)
"""The sides of their voxels, in mm."""

AIR, BODY, KIDNEY, TUMOUR = -1000, 40, 200, 110
"""What the parts show, in Hounsfield units: a body in air with two kidneys, and in one of them a tumour."""

SERIES_UID = "1.2.826.0.1.3680043.8.498.2"
"""The beginning of the identifiers of drawn series, under pydicom's own root."""


class Layout(NamedTuple):
    """The files that a phantom edition has, and where they lie.

    Attributes:
        labelling: the columns of the table, and the kind of the task.
        images: the paths of the images, one for each channel; their ending says the format, and none a DICOM series.
        masks: the paths of the masks.
        marking: the values of the masks.
        table: the name of the table; None: the usual one.
        together: how many channels each file holds.
    """

    labelling: Labelling
    images: tuple[Pattern, ...]
    masks: Pattern
    marking: Marking
    table: str | None
    together: int = 1

    @property
    def channels(self) -> int:
        """How many channels an image has."""
        return len(self.images) * self.together


def draw(root: Path, layout: Layout) -> None:
    """Write the volumes, their masks, and a table where the arguments ask for one."""
    import numpy as np

    labelling = layout.labelling
    lines = []
    for place in range(COUNT):
        generator, patient = np.random.default_rng([11, place]), place // 2
        shown = patient % max(2, len(labelling.classes))
        case = "/".join([f"case_{place:05d}"] * layout.images[0].stars)
        if labelling.mode == "folders":
            case = "/".join([labelling.folders[shown], *[f"case_{place:05d}"] * (layout.images[0].stars - 1)])
        values, parts = body(generator, shown if labelling.kind != "segmentation" else 1 + patient % 2)
        affine = _affine(place)
        channels = [values, *(_contrast([11, place, one], parts) for one in range(1, layout.channels))]
        if layout.together > 1:
            channels = [np.stack(channels, axis=-1)]
        for pattern, held in zip(layout.images, channels, strict=True):
            _write(root / pattern.path_of(case), held, affine)
        if labelling.kind == "segmentation":
            _write(root / layout.masks.path_of(case), _marks(layout.marking, parts), affine)
        lines += [[case, *cells, *people_cells(labelling, patient)] for cells in label_cells(labelling, shown)]
    if labelling.mode == "folders":
        return
    if labelling.kind != "segmentation" or labelling.patient or labelling.split or layout.table:
        named = (labelling.patient, labelling.split)
        write_rows(root, [layout.table or USUAL], [labelling.image, *labelling.columns, *filter(None, named)], lines)


def _affine(place: int) -> NDArray[np.float64]:
    """Every second volume is stored from right to left and from front to back, as scanners do, the others in RAS."""
    import numpy as np

    sign = -1.0 if place % 2 else 1.0
    affine = np.diag([sign * STEPS[0], sign * STEPS[1], STEPS[2], 1.0])
    affine[:3, 3] = [-sign * 46.0, -sign * 38.0, -300.0]
    return affine


def body(
    generator: np.random.Generator, size: int, shape: tuple[int, int, int] = SHAPE
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """A drawn body in Hounsfield units, and its parts: 0, 1 in a kidney and 2 in its tumour.

    Args:
        generator: the random generator of all that varies between volumes.
        size: how large and how dark the tumour is: 0 stands for none.
        shape: the numbers of voxels X, Y and Z, from side to side, from back to front and from foot to head.

    Returns:
        Values (X, Y, Z) int16, and parts (X, Y, Z) uint8.
    """
    import numpy as np

    x, y, z = np.meshgrid(*(np.linspace(-1, 1, count) for count in shape), indexing="ij")
    values = np.where(x**2 + y**2 < 0.9, BODY, AIR).astype(np.float64)
    parts = np.zeros(shape, np.uint8)
    for side in (-0.5, 0.5):
        row, height = generator.uniform(-0.15, 0.15), generator.uniform(-0.25, 0.25)
        parts[((x - side) / 0.24) ** 2 + ((y - row) / 0.34) ** 2 + ((z - height) / 0.6) ** 2 < 1] = 1
    if size:
        row, height = generator.uniform(-0.1, 0.1, 2)
        tumour = ((x - 0.5) ** 2 + (y - row) ** 2) / 0.03 + ((z - height) / 0.5) ** 2 < 0.6 * size
        parts[tumour] = 2
    values[parts == 1], values[parts == 2] = KIDNEY, TUMOUR - 40 * size
    return np.rint(values + generator.normal(0, 25.0, shape)).astype(np.int16), parts


def _contrast(seed: list[int], parts: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A further channel of a body with such parts, which it shows in contrasts of its own, more or less noisy."""
    import numpy as np

    generator = np.random.default_rng(seed)
    levels = np.array([100.0, *generator.uniform(150, 400, 2)])
    return np.rint(levels[parts] + generator.normal(0, 25.0, parts.shape)).astype(np.int16)


def _marks(marking: Marking, parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The stored values of a mask: kidneys with tumours where there is one class, else the first two classes."""
    import numpy as np

    if len(marking.classes) == 1:
        value = marking.foreground[0] if isinstance(marking.foreground, tuple) else 1
        return ((parts > 0) * value).astype(np.uint8)
    firsts = [one[0] if isinstance(one, tuple) else one for one in marking.values or (1, 2)]
    return np.array([0, *firsts[:2]], np.uint8)[parts]


def _write(path: Path, values: NDArray[Any], affine: NDArray[np.float64]) -> None:
    if path.name.endswith(NIFTI):
        write_nifti(path, values, affine)
    elif path.name.endswith(ITK):
        write_itk(path, values, affine)
    else:
        write_series(path, values, affine)


def write_series(folder: Path, values: NDArray[Any], affine: NDArray[np.float64], intercept: int = -1024) -> None:
    """Write a volume as a DICOM series whose names do not tell the order of its slices.

    Args:
        folder: the folder of the files.
        values: the values of the voxels, (X, Y, Z), of whole numbers.
        affine: the matrix (4, 4) from numbers of voxels to mm (RAS).
        intercept: what is added to stored values to have the given ones.
    """
    import numpy as np

    placed = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    sides = np.linalg.norm(placed[:3, :3], axis=0)
    count = values.shape[2]
    for place in range(count):
        write_dicom(
            folder / f"{(5 * place + 3) % 1009:04d}.dcm",
            (values[..., place].T.astype(np.int64) - intercept).astype(np.int16),
            SeriesInstanceUID=f"{SERIES_UID}.{sum(folder.name.encode())}",
            ImageOrientationPatient=(placed[:3, :2] / sides[:2]).T.ravel().round(9).tolist(),
            ImagePositionPatient=(placed @ [0, 0, place, 1])[:3].round(6).tolist(),
            PixelSpacing=[float(sides[1]), float(sides[0])],
            SliceThickness=float(sides[2]),
            RescaleSlope=1,
            RescaleIntercept=intercept,
        )
