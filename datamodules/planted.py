"""Planted: drawn images of a world whose right answer is known, binary and multiclass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import SPLITS, Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.worlds.world import Part, part_of
from specs.errors import UsageError
from specs.task import Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Planted(Dataset):
    """A part of a planted world: a source to pretrain on, or the target to fine-tune and test on.

    Every image is drawn from (world, part, draw, split, number) alone, so it is the same on every machine and shares
    no noise with another one.

    Attributes:
        world: the name of the world: a file of ``datamodules/worlds``.
        part: the part of the world; each world has a ``target``, and most have a ``source``.
        draw: the number of the drawing of the world, from 0; another number draws all of it anew.
    """

    world: str
    part: str = "target"
    draw: int = 0

    title: ClassVar[str] = "Planted world {world}"
    words: ClassVar[Words] = {"part": "{part}", "draw": "drawing {draw}"}
    homepage: ClassVar[str] = "none: synthetic images, drawn by medtransfer"
    licence: ClassVar[str] = "made by this program"
    layout: ClassVar[str] = "  no files; the images are made by a formula"
    generated: ClassVar[bool] = True
    version: ClassVar[int] = 2  # 2: domain, features and scale are drawn more clearly
    pixel_arguments: ClassVar[tuple[str, ...]] = ("world", "part", "draw")

    def __post_init__(self) -> None:
        """Check that there is such a part.

        Raises:
            UsageError: if the world, the part or the draw does not exist.
        """
        super().__post_init__()
        part_of(self.world, self.part)
        if self.draw < 0:
            raise UsageError(f"planted: draw is a whole number from 0, found {self.draw}.")

    @property
    def _made_of(self) -> Part:
        return part_of(self.world, self.part)

    @property
    def task(self) -> Task:
        """Telling which class an image is of."""
        names = self._made_of.names
        return Task("binary", names[1:]) if len(names) == 2 else Task("multiclass", names)

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def taken_from(self) -> tuple[str, ...]:
        """A collection for each part and draw, since no two of them share an image."""
        return (f"planted {self.world} {self.part} {self.draw}",)

    def read_labels(self, root: Path) -> Labels:
        """Every image of every split, by number."""
        part, samples = self._made_of, []
        for split in SPLITS:
            for number in range(part.sizes[split]):
                name = f"{split}-{number}"
                samples.append(Sample(name, name, (float(part.label(number)),), name))
        return Labels(tuple(samples))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The split that begins the name of each image."""
        return {split: [one for one in samples if one.id.startswith(f"{split}-")] for split in SPLITS}

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """No files: the images are made by a formula."""
        return ()

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The drawn image."""
        from datamodules.worlds.drawing import seeded, to_pixels

        split, number = sample.source.split("-")
        generator = seeded("planted", self.world, self.part, self.draw, split, int(number))
        return to_pixels(self._made_of.image(self._made_of.kind(int(number)), generator, self.draw))

    def write_phantom(self, root: Path) -> None:
        """Write nothing: the images are made by a formula."""
