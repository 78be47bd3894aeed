"""Fractals: classes of formula-driven images for pretraining without any data (Kataoka et al. 2020), multiclass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from specs.errors import UsageError
from specs.task import Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

POINTS = 4000
"""How many points of the chaos game are drawn per image, in 80 parallel orbits."""

SMALLEST_FILLING = 0.15
"""The share of a 32 x 32 grid that a class's fractal must cover; Kataoka et al. 2020 (section 3.1) search likewise."""

GROUP = 4
"""How many systems share a coarse label."""


@dataclass(frozen=True)
class Fractals(Dataset):
    """Images of iterated function systems, one system per class; instances differ in weights, pose and color.

    Attributes:
        labels: the labels of images: ``fine`` names the system; ``coarse`` the group of four systems, on the same
            images, so that what finer labels teach can be told apart from what other images do.
        classes: the number of systems.
        per_class: the number of images of each system; one in ten validates and one in ten tests.
        size: height and width of the images, in pixels.
    """

    labels: Literal["fine", "coarse"] = "fine"
    classes: int = 8
    per_class: int = 100
    size: int = 32

    words: ClassVar[Words] = {
        "labels": {"coarse": "coarse labels"},
        "classes": "{classes} classes",
        "per_class": "{per_class} images a class",
        "size": "{size} pixels",
    }
    homepage: ClassVar[str] = "https://hirokatsukataoka16.github.io/Pretraining-without-Natural-Images/"
    licence: ClassVar[str] = "made by this program"
    layout: ClassVar[str] = "  no files; the images are made by a formula"
    generated: ClassVar[bool] = True
    pixel_arguments: ClassVar[tuple[str, ...]] = ("classes", "per_class", "size")

    def __post_init__(self) -> None:
        """Check that there is something to tell apart.

        Raises:
            UsageError: if all images would have one label.
        """
        super().__post_init__()
        least = GROUP + 1 if self.labels == "coarse" else 2
        if self.classes < least:
            raise UsageError(
                f"fractals: {self.labels} labels tell at least {least} classes apart, found classes={self.classes}. "
                "Ask for more."
            )

    @property
    def task(self) -> Task:
        """Which system, or which group of systems, made the image."""
        if self.labels == "fine":
            return Task("multiclass", tuple(f"system {number}" for number in range(self.classes)))
        firsts = range(0, self.classes, GROUP)
        return Task("multiclass", tuple(f"systems {one} to {min(one + GROUP, self.classes) - 1}" for one in firsts))

    @property
    def channels(self) -> int:
        """The images are in color."""
        return 3

    def read_labels(self, root: Path) -> Labels:
        """One sample for each instance of each class."""
        names = [
            (number, f"{number}-{instance}") for instance in range(self.per_class) for number in range(self.classes)
        ]
        merged = GROUP if self.labels == "coarse" else 1
        return Labels(tuple(Sample(name, name, (float(number // merged),), name) for number, name in names))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The split by the last digit of an instance's number: 8 validates, 9 tests, the others train."""
        splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
        last_digits: dict[str, Split] = {"8": "validation", "9": "test"}
        for sample in samples:
            splits[last_digits.get(sample.id[-1], "train")].append(sample)
        return splits

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """No files: the images are made by a formula."""
        return ()

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The rendered fractal on black."""
        import numpy as np

        number, instance = (int(part) for part in sample.source.split("-"))
        generator = np.random.default_rng([33, number, instance])
        system = _system(number)
        # Instances scale the maps' parameters by up to 20 %, as the weights of Kataoka et al. 2020, section 3.2.
        points = _orbit(system * generator.uniform(0.8, 1.2, (1, 6)), generator)
        angle = generator.uniform(-0.6, 0.6)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        counts = _histogram(points @ turn.T, self.size)
        if generator.random() < 0.5:
            counts = counts[:, ::-1]
        shade = np.sqrt(counts / max(counts.max(), 1.0))
        image = shade[..., None] * generator.uniform(0.4, 1.0, 3) + generator.normal(0, 0.03, (self.size, self.size, 3))
        pixels: Pixels = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
        return pixels

    def write_phantom(self, root: Path) -> None:
        """Write nothing: the images are made by a formula."""


_SYSTEMS: dict[int, Any] = {}


def _system(number: int) -> Any:
    """The affine maps of a class, (maps, 6): the first drawn ones whose fractal fills enough of the image."""
    import numpy as np

    if number not in _SYSTEMS:
        generator = np.random.default_rng([20, number])
        while True:
            system = generator.uniform(-1.0, 1.0, (int(generator.integers(2, 6)), 6))
            norms = np.linalg.norm(system[:, :4].reshape(-1, 2, 2), ord=2, axis=(1, 2))
            system[:, :4] *= np.minimum(1.0, 0.8 / norms)[:, None]  # contractions, so that the orbit stays bounded
            points = _orbit(system, np.random.default_rng(1))
            if (_histogram(points, 32) > 0).mean() >= SMALLEST_FILLING:
                _SYSTEMS[number] = system
                break
    return _SYSTEMS[number]


def _orbit(system: Any, generator: Any) -> Any:
    """Points of the chaos game, (POINTS, 2); each map is drawn with probability by its determinant."""
    import numpy as np

    weight = np.abs(system[:, 0] * system[:, 3] - system[:, 1] * system[:, 2]) + 0.01
    orbits, steps = 80, POINTS // 80 + 10
    choices = generator.choice(len(system), (steps, orbits), p=weight / weight.sum())
    points, found = np.zeros((orbits, 2)), []
    for step in range(steps):
        maps = system[choices[step]]
        points = np.einsum("oij,oj->oi", maps[:, :4].reshape(-1, 2, 2), points) + maps[:, 4:]
        if step >= 10:  # the first points are not on the attractor yet
            found.append(points)
    return np.concatenate(found)


def _histogram(points: Any, size: int) -> Any:
    """How many points fall on each pixel, the fractal stretched to fill the image."""
    import numpy as np

    low, high = points.min(axis=0), points.max(axis=0)
    places = ((points - low) / np.maximum(high - low, 1e-9).max() * (size - 1)).astype(int)
    counts = np.zeros((size, size))
    np.add.at(counts, (places[:, 0], places[:, 1]), 1.0)
    return counts
