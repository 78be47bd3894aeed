"""KiTS19: kidneys and their tumours in CT volumes of 210 patients (Heller et al. 2019), segmentation of slices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from datamodules.files.listing import in_utf8
from datamodules.files.volume_files import packed_or_not
from datamodules.slicing.cases import Case, Pattern
from datamodules.slicing.cutting import Cut
from datamodules.slicing.kept import Image
from datamodules.slicing.marking import Marking
from datamodules.slicing.rules import check_slices
from datamodules.slicing.sliced import Chosen, Sliced, Slicing
from specs.task import Task
from specs.titles import Words

LABELLED = 210
"""How many of the 300 published cases have a mask: those with the lowest numbers."""

WINDOW = (112.5, 383.0)
"""The center and the width of the window from -79 to 304 Hounsfield units, the 0.5th and the 99.5th percentile of the
voxels of kidneys and tumours, to which the challenge's winner clipped its images (Isensee and Maier-Hein 2019,
https://arxiv.org/abs/1908.02182)."""

Region = Literal["kidney and tumour", "kidney with tumour", "tumour"]

MARKINGS: dict[Region, Marking] = {
    "kidney and tumour": Marking(("kidney", "tumour"), "one value", (1, 2), ()),
    "kidney with tumour": Marking(("kidney with tumour",), (1, 2), (), ()),
    "tumour": Marking(("tumour",), (2,), (), (), background=(1,)),
}
"""What the values of masks mean for each target: 1 is kidney, 2 tumour."""


@dataclass(frozen=True)
class Kits19(Sliced):
    """The labelled cases of the Kidney Tumor Segmentation Challenge 2019 as axial slices (arXiv 1904.00445).

    Two classes are the default, since the challenge asks for both. The files have their slices along the first axis,
    from head to foot, which their matrices say. The 90 cases from number 210 on have no masks and are left out. A case
    is a patient; a fixed division has 80, 10 and 10 % of the patients.

    Attributes:
        region: what is segmented: ``kidney and tumour`` as two classes, or as one class ``kidney with tumour``, which
            the challenge scores as kidney, or the ``tumour`` alone.
        every: the step from slice to slice: 1 takes all, 5 every fifth one. Slices are up to 5 mm apart.
        slices: ``with finding`` trains and validates on the slices that show a part of what is segmented, and tests on
            all; the masks are then read at each start.
        spacing: the side of square pixels in mm that slices are resampled to; without one, pixels are as stored.
        window: center and width of what is shown, in Hounsfield units; the default is from -79 to 304, as of the
            challenge's winner. Without one, from the 0.5th to the 99.5th percentile of each volume.
        neighbours: 1 shows the slices before and after each slice as two more channels.
    """

    region: Region = "kidney and tumour"
    _: KW_ONLY
    every: int = 1
    slices: Chosen = "all"
    spacing: float | None = None
    window: tuple[float, float] | None = WINDOW
    neighbours: Literal[0, 1] = 0

    words: ClassVar[Words] = {
        "region": "{region}",
        "spacing": "pixels of {spacing:g} mm",
        "neighbours": {1: "with the neighbouring slices"},
    }
    homepage: ClassVar[str] = "https://github.com/neheller/kits19"
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    by_hand: ClassVar[str] = "Its repository holds the masks, and a program that gets the images."
    layout: ClassVar[str] = (
        "  kits19/                      or its folder data/\n"
        "    case_00000/imaging.nii.gz, segmentation.nii.gz ...\n"
        "    case_00210/imaging.nii.gz  to case_00299: without masks, not used"
    )
    pixel_arguments: ClassVar[tuple[str, ...]] = ("region", "every", "spacing", "window", "neighbours")

    def __post_init__(self) -> None:
        """Check the step, the spacing and the window.

        Raises:
            UsageError: says what was expected.
        """
        super().__post_init__()
        check_slices(self.slicing.cut, self.every, self.window, "kits19")

    @property
    def task(self) -> Task:
        """The region, or kidney and tumour, against everything else."""
        return Task("segmentation", MARKINGS[self.region].classes)

    @property
    def channels(self) -> int:
        """One, or three with the neighbouring slices."""
        return 3 if self.neighbours else 1

    @property
    def published(self) -> Mapping[str, int]:
        """The number of labelled cases."""
        return {"patients": LABELLED}

    @cached_property
    def slicing(self) -> Slicing:
        """Axial slices in the window."""
        cut = Cut("axial", self.spacing, self.neighbours)
        return Slicing(cut, MARKINGS[self.region], self.every, self.slices, self.window)

    @property
    def new_files(self) -> tuple[tuple[Pattern, ...], int]:
        """A folder for each patient, or any volumes."""
        return (Pattern("*/imaging.nii.gz"),), 1

    def cases(self, root: Path) -> tuple[list[Case], dict[str, str]]:
        """The folders of the labelled cases."""
        folder = _folder(root)
        found = [name for name in in_utf8((path.name for path in folder.glob("case_*")), folder) if _labelled(name)]
        if not found:
            raise self.not_found(root, "found no case_00000 to case_00209")
        return self.complete(root, found)

    def image_of(self, root: Path, case: str) -> Image:
        """The CT volume."""
        return Image((packed_or_not(_folder(root) / case / "imaging"),))

    def mask_of(self, root: Path, case: str) -> Path:
        """The mask beside it."""
        return packed_or_not(_folder(root) / case / "segmentation")

    def write_phantom(self, root: Path) -> None:
        """40 drawn bodies of 4 slices, 32 x 32, in the axes of the real files, and 2 without a mask."""
        import numpy as np

        from datamodules.files.nifti import write_nifti
        from datamodules.slicing.drawing import body

        affine = np.array([[0, 0, -4.0, 0], [0, -4, 0, 0], [-10, 0, 0, 0], [0, 0, 0, 1.0]])
        for number in (*range(40), LABELLED, LABELLED + 1):
            folder = root / f"case_{number:05d}"
            folder.mkdir(parents=True)
            values, parts = body(np.random.default_rng([2019, number]), 1 + number % 2, (32, 32, 4))
            turned = (slice(None, None, -1),) * 3  # from head to foot, from front to back, from the right to the left
            write_nifti(folder / "imaging.nii.gz", values.T[turned], affine)
            if number < LABELLED:
                write_nifti(folder / "segmentation.nii.gz", parts.T[turned], affine)


def _labelled(name: str) -> bool:
    """Whether a folder's name is that of a case with a mask."""
    found = re.fullmatch(r"case_([0-9]{5})", name)
    return found is not None and int(found[1]) < LABELLED


def _folder(root: Path) -> Path:
    inner = root / "data"
    return inner if inner.is_dir() else root
