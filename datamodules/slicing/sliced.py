"""What datasets have in common whose images are slices of volumes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.absent import WHY
from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.volume_files import files_of, read_grid
from datamodules.slicing.cases import Case, Pattern
from datamodules.slicing.cutting import Cut
from datamodules.slicing.kept import Image, findings, looked_at, marked, shown
from datamodules.slicing.marking import Marking
from datamodules.slicing.new_volumes import DIGITS, NewVolumes
from datamodules.slicing.planes import SAID, tilt
from datamodules.slicing.putting_back import put_back
from datamodules.unseen.contract import OwnFiles, Unseen
from specs.errors import DataError
from specs.quoting import names, plain
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

Chosen = Literal["all", "with finding"]
"""Which slices train and validate: all, or those whose mask shows a class. The test has all."""


@dataclass(frozen=True)
class Slicing:
    """Which slices of its volumes a dataset has, and how they are shown.

    Attributes:
        cut: the way in which slices are taken out of volumes.
        marking: the values of masks and their meaning.
        every: the step from slice to slice: 1 takes all.
        slices: the slices that train and validate.
        window: the center and the width of what is shown, in the units of the files; None: each channel of each volume
            has its own.
    """

    cut: Cut
    marking: Marking
    every: int = 1
    slices: Chosen = "all"
    window: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Sliced(Dataset, OwnFiles):
    """A dataset whose images are slices of volumes; slices of a patient are in one split.

    The id of a slice is its case's name, its axis and its number, such as ``case_00000/axial-007``.
    """

    words: ClassVar[Words] = {"every": "slices {every} apart", "slices": "trained on slices with a finding"}

    @property
    @abstractmethod
    def slicing(self) -> Slicing:
        """Which slices there are, and how they are shown."""

    @abstractmethod
    def cases(self, root: Path) -> tuple[list[Case], dict[str, str]]:
        """The cases, and those that are left out since a file is not there, each with the reason.

        Raises:
            DataError: if the layout is not the expected one.
        """

    @abstractmethod
    def image_of(self, root: Path, case: str) -> Image:
        """Where the channels of a case's image are, whether they are there or not."""

    @abstractmethod
    def mask_of(self, root: Path, case: str) -> Path:
        """The path of a case's mask, whether it is there or not."""

    @property
    @abstractmethod
    def new_files(self) -> tuple[tuple[Pattern, ...], int]:
        """The paths of new cases' images, one for each channel or one for all, and how many channels each holds."""

    @property
    def unseen(self) -> Unseen:
        """New volumes are cut into slices as the dataset's own are."""
        patterns, together = self.new_files
        return NewVolumes(self.slicing.cut, self.slicing.window, patterns, together)

    @property
    def salt(self) -> str:
        """The name of the fixed division of patients; another name gives another division."""
        return type(self).__name__

    def volume_of(self, sample: Sample) -> str:
        """The name of the volume that a slice is of, unique within the dataset: its case."""
        return sample.id.rpartition("/")[0]

    def read_labels(self, root: Path) -> Labels:
        """The slices of all cases, by their headers; with ``slices="with finding"`` the masks are read too."""
        cases, gone = self.cases(root)
        samples = [sample for case in cases for sample in self._slices(root, case)]
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)), gone)

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """A fixed patient-wise division, the same whatever slices are taken."""
        unseen = [one._replace(target=()) if self.kind == "segmentation" else one for one in samples]
        drawn, own = divide(unseen, self.task, self.salt), {one.id: one for one in samples}
        return {split: [own[one.id] for one in chosen] for split, chosen in drawn.items()}

    def used(self, splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, tuple[Sample, ...]]:
        """The splits as they are used: ``slices`` says which slices train and validate; the test has all."""
        if self.slicing.slices == "all":
            return super().used(splits)
        found = {
            split: [one for one in samples if split == "test" or any(one.target)] for split, samples in splits.items()
        }
        return super().used(found)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The files of the volume, those of its first channel first, and its mask."""
        case = self.volume_of(sample)
        paths = [*self.image_of(root, case).files, *([self.mask_of(root, case)] if self.kind == "segmentation" else [])]
        return tuple(file for path in paths for file in files_of(path))

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """A slice of each channel of the volume, and its neighbours where they are asked for."""
        slicing = self.slicing
        return slicing.cut.image(
            *shown(self.image_of(root, self.volume_of(sample)), slicing.window), self.number_of(sample)
        )

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The classes of a slice, as the values of its mask say."""
        return self._marked(root, sample)[0]

    def mask_value(self, root: Path, sample: Sample) -> float | None:
        """Where foreground is one value, which all masks share, that of the volume's mask, if the slice shows it."""
        mask, value = self._marked(root, sample)
        return value if mask.any() else None

    def number_of(self, sample: Sample) -> int:
        """The number of a slice in its volume, from 0 on; slices that lie beside each other have numbers that do."""
        return int(sample.source.rpartition("#")[2])

    def sides_of(self, root: Path, sample: Sample) -> tuple[float, float, float]:
        """How far a slice is from the one of the next number, and the height and width of its pixels, in mm.

        The axes of the volume are taken to be at right angles.

        Raises:
            DataError: if the volume's header is missing or damaged.
        """
        image = self.image_of(root, self.volume_of(sample))
        return self.slicing.cut.sides(read_grid(image.files[0], image.channels))

    def remarks(self, root: Path) -> list[str]:
        """Sentences on the volumes that a user should know: how many are oblique, and by how much."""
        axis = self.slicing.cut.axis
        if axis == "acquired":
            return []
        cases, _ = self.cases(root)
        angles = {case.name: tilt(looked_at(self.image_of(root, case.name)).affine) for case in cases}
        oblique = {name: angle for name, angle in angles.items() if angle > SAID}
        if not oblique:
            return []
        most = max(oblique, key=lambda name: oblique[name])
        return [
            f"{len(oblique):,} of {len(angles):,} volumes are oblique, {plain(most)} by {oblique[most]:.0f} degrees: "
            f"their {axis} slices are those of their own axis that is nearest"
        ]

    def put_back(self, root: Path, masks: Mapping[str, Pixels], path: Path) -> None:
        """Write the masks of all slices of a case as NIfTI, on the grid of the case's image.

        Args:
            root: the folder that holds the files.
            masks: the mask (H, W) of each slice of the case by the id of the sample: 0, or the number of a class.
            path: the path of the new file, which ends in ``.nii`` or ``.nii.gz``.

        Raises:
            DataError: if the masks are of no case, of several, or not of all of its slices.
            UsageError: if the path ends otherwise.
        """
        of = {name.rpartition("/")[0] for name in masks}
        known = {case.name for case in self.cases(root)[0]}
        if len(of) != 1 or not of <= known:
            raise DataError(f"expected masks of the slices of one case, found those of: {names(sorted(of))}.")
        by_number = {int(name.rpartition("-")[2]): mask for name, mask in masks.items()}
        image = self.image_of(root, of.pop())
        put_back(by_number, image.files[0], self.slicing.cut.axis, path, image.channels)

    def complete(self, root: Path, found: Sequence[str]) -> tuple[list[Case], dict[str, str]]:
        """Cases by their names, each a patient, and those that are left out since a file is not there.

        Args:
            root: the folder that holds the files.
            found: the names of the cases, in order.

        Raises:
            DataError: if a file is not there and ``missing`` does not leave the case out, or if none is complete.
        """
        cases, gone = [], dict[str, Path]()
        for name in found:
            images, mask = self.image_of(root, name).files, self.mask_of(root, name)
            lacking = next((path for path in (*images, mask) if not path.is_file()), None)
            if lacking is None:
                cases.append(Case(name, images[0].relative_to(root).as_posix(), (), name))
            else:
                gone[name] = lacking
        if gone and (self.missing == "refuse" or not cases):
            first = next(iter(gone.values())).relative_to(root)
            raise self.not_found(root, f"{len(gone)} of {len(found)} cases lack a file, such as {first},")
        return cases, dict.fromkeys(gone, WHY)

    def _marked(self, root: Path, sample: Sample) -> tuple[Pixels, float | None]:
        """The mask of a slice, and the value that marks foreground in its volume, where all have to have the same."""
        case, slicing = self.volume_of(sample), self.slicing
        found, grid = marked(self.mask_of(root, case), self.image_of(root, case), slicing.marking)
        return slicing.cut.mask(found.numbers, grid, self.number_of(sample)), found.value

    def _slices(self, root: Path, case: Case) -> list[Sample]:
        """The slices of a case as samples."""
        image, slicing = self.image_of(root, case.name), self.slicing
        count, axis = slicing.cut.count(looked_at(image)), slicing.cut.axis
        targets: Sequence[tuple[float, ...]] = [case.target] * count
        if slicing.slices != "all":
            targets = findings(self.mask_of(root, case.name), image, slicing.marking, axis)
        digits = max(DIGITS, len(str(count - 1)))
        return [
            Sample(f"{case.name}/{axis}-{number:0{digits}d}", case.patient, targets[number], f"{case.source}#{number}")
            for number in range(0, count, slicing.every)
        ]

    def listed_as(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]]:
        """The slices of each volume, by the name of the case and by the path of its image, and those of each patient.

        A name that is that of a patient and of another patient's case has none.
        """
        found: dict[str, dict[str, Sample]] = {}
        patients: dict[str, dict[str, Sample]] = {}
        for sample in samples:
            for name in {self.volume_of(sample), sample.source.rpartition("#")[0]}:
                found.setdefault(name, {})[sample.id] = sample
            patients.setdefault(sample.patient, {})[sample.id] = sample
        for name, own in patients.items():
            case = found.get(name, {})
            found[name] = own if case.keys() <= own.keys() else {}
        return {name: tuple(own.values()) for name, own in found.items()}
