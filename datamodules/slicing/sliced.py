"""What datasets have in common whose images are slices of volumes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datamodules.dataset.sample import Sample


class Sliced(ABC):
    """A dataset whose images are slices of volumes."""

    @abstractmethod
    def volume_of(self, sample: Sample) -> str:
        """The name of the volume that a slice is of, unique within the dataset."""

    @abstractmethod
    def remarks(self, root: Path) -> list[str]:
        """Sentences on the volumes that a user should know, such as that some of them are oblique."""

    def by_volume(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]]:
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
