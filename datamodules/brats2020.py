"""BraTS 2020: gliomas in slices of MR volumes of 369 patients, four sequences (Menze et al. 2015), segmentation."""

from __future__ import annotations

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
from specs.errors import UsageError
from specs.quoting import names
from specs.task import Task
from specs.titles import Words

FOLDER = "MICCAI_BraTS2020_TrainingData"
SEQUENCES = ("flair", "t1", "t1ce", "t2")
PATIENTS, SLICES = 369, 155
"""The number of patients, and of axial slices of each volume, as published."""

MISNAMED = {"BraTS20_Training_355": "W39_1998.09.19_Segm"}
"""The name of the mask of each case that is published under another one, without the ending."""

Region = Literal["whole tumour", "tumour core", "enhancing tumour", "parts"]

MARKINGS: dict[Region, Marking] = {
    "whole tumour": Marking(("whole tumour",), (1, 2, 4), (), ()),
    "tumour core": Marking(("tumour core",), (1, 4), (), (), background=(2,)),
    "enhancing tumour": Marking(("enhancing tumour",), (4,), (), (), background=(1, 2)),
    "parts": Marking(("necrotic core", "oedema", "enhancing tumour"), "one value", (1, 2, 4), ()),
}
"""What the values of masks mean for each target: 1 is the necrotic and non-enhancing core, 2 oedema, 4 enhancing tumour
(the challenge's page). The first three are the regions that the challenge scores."""


@dataclass(frozen=True)
class Brats2020(Sliced):
    """The training data of the Brain Tumor Segmentation Challenge 2020 as axial slices, the sequences as channels.

    The sequences of a patient are on one grid, with the skull removed. Each is shown from the 0.5th to the 99.5th
    percentile of its own volume, since values of MR have no unit. Slices of a patient are in one split; a fixed
    division has 80, 10 and 10 % of the patients. The validation and test data of the challenge have no masks.

    Attributes:
        region: what is segmented: ``whole tumour``, ``tumour core`` (without the oedema), ``enhancing tumour``, or as
            three classes that exclude each other its ``parts``: necrotic core, oedema and enhancing tumour.
        sequences: the sequences that are shown, in the order of the channels, of ``flair``, ``t1``, ``t1ce`` (with
            contrast agent) and ``t2``.
        every: the step from slice to slice: 1 takes all 155 of a volume, 5 every fifth one.
        slices: ``with finding`` trains and validates on the slices that show a part of what is segmented, and tests on
            all; the masks are then read at each start.
    """

    region: Region = "whole tumour"
    _: KW_ONLY
    sequences: tuple[str, ...] = SEQUENCES
    every: int = 1
    slices: Chosen = "all"

    words: ClassVar[Words] = {"region": "{region}", "sequences": "{sequences}"}
    homepage: ClassVar[str] = "https://www.med.upenn.edu/cbica/brats2020/data.html"
    licence: ClassVar[str] = "for research that cites its papers, by its data usage agreement"
    by_hand: ClassVar[str] = "Its publishers give it to those who register on their portal."
    layout: ClassVar[str] = (
        "  brats2020/\n"
        f"    {FOLDER}/BraTS20_Training_001/\n"
        "      BraTS20_Training_001_flair.nii.gz, _t1.nii.gz, _t1ce.nii.gz, _t2.nii.gz, _seg.nii.gz ...\n"
        "    (.nii is read too, and the mask of case 355 under the name W39_1998.09.19_Segm.nii)"
    )
    pixel_arguments: ClassVar[tuple[str, ...]] = ("region", "sequences", "every")

    def __post_init__(self) -> None:
        """Check the sequences and the step.

        Raises:
            UsageError: if a sequence is unknown, named twice, or none is named, or the step is below 1.
        """
        super().__post_init__()
        chosen = self.sequences
        if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(SEQUENCES):
            raise UsageError(
                f"argument sequences of brats2020: expected different ones of {', '.join(SEQUENCES)}, found "
                f"{names(chosen)}."
            )
        check_slices(self.slicing.cut, self.every, None, "brats2020")

    @property
    def task(self) -> Task:
        """The region, or the three parts, against everything else."""
        return Task("segmentation", MARKINGS[self.region].classes)

    @property
    def channels(self) -> int:
        """One for each sequence."""
        return len(self.sequences)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The sequences."""
        return self.sequences

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the challenge's page; of images where all slices are taken."""
        images = {"images": PATIENTS * SLICES} if (self.every, self.slices) == (1, "all") else {}
        return {"patients": PATIENTS} | images

    @cached_property
    def slicing(self) -> Slicing:
        """Axial slices as they are stored."""
        return Slicing(Cut("axial", None, 0), MARKINGS[self.region], self.every, self.slices)

    @property
    def new_files(self) -> tuple[tuple[Pattern, ...], int]:
        """A folder for each patient, with a file for each sequence."""
        return tuple(Pattern(f"*/*_{sequence}.nii.gz") for sequence in self.sequences), 1

    def cases(self, root: Path) -> tuple[list[Case], dict[str, str]]:
        """The folder of each patient."""
        folder = _folder(root)
        found = in_utf8((path.name for path in folder.glob("BraTS20_Training_*") if path.is_dir()), folder)
        if not found:
            raise self.not_found(root, f"found no {FOLDER}/BraTS20_Training_*")
        return self.complete(root, found)

    def image_of(self, root: Path, case: str) -> Image:
        """A file for each sequence."""
        folder = _folder(root) / case
        return Image(tuple(packed_or_not(folder / f"{case}_{sequence}") for sequence in self.sequences))

    def mask_of(self, root: Path, case: str) -> Path:
        """The segmentation; of case 355 also under the other name that it was published under."""
        usual, folder = packed_or_not(_folder(root) / case / f"{case}_seg"), _folder(root) / case
        if case in MISNAMED and not usual.is_file():
            return packed_or_not(folder / MISNAMED[case])
        return usual

    def write_phantom(self, root: Path) -> None:
        """40 drawn heads of 40 x 40 x 3 voxels, with the matrix of the real files; one of them is case 355."""
        import numpy as np

        from datamodules.files.nifti import write_nifti
        from datamodules.phantoms.brain import head

        affine = np.array([[-1.0, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1]])
        for number in (*range(1, 40), 355):
            case = f"BraTS20_Training_{number:03d}"
            folder = root / FOLDER / case
            folder.mkdir(parents=True)
            volumes, mask = head(np.random.default_rng([2020, number]), (40, 40, 3))
            for sequence, values in volumes.items():
                write_nifti(folder / f"{case}_{sequence}.nii.gz", values, affine)
            name = f"{MISNAMED[case]}.nii" if case in MISNAMED else f"{case}_seg.nii.gz"
            write_nifti(folder / name, mask, affine)


def _folder(root: Path) -> Path:
    inner = root / FOLDER
    return inner if inner.is_dir() else root
