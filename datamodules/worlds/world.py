"""What a planted world is: a few parts, each a set of labelled images that a formula draws."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.splits import Split
from specs.errors import unknown

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Drawn = NDArray["np.float64"]  # type: ignore[name-defined]

SIZE = 24
"""Height and width of every image in pixels."""


@dataclass(frozen=True)
class Part:
    """A part of a planted world: a source to pretrain on, or a target to fine-tune on.

    Attributes:
        image: the function that draws an image of a kind by a generator: float64 (SIZE, SIZE), where 0 is middle gray
            and most values lie in [-3, 3]. Its last argument is the number of the draw, for what all images of one
            drawn world share.
        classes: the number of the class of each kind of image. Image number i is of kind i modulo the number of kinds.
        names: the names of the classes, by their numbers; two make the task binary, where class 1 is the positive one.
        sizes: how many images each split has, by its name.
        doubt: the number n such that every n-th image of each kind has a wrong label, that of the next class; None: all
            labels are right. In a binary task of balanced classes, with q = 1 / n, the best possible AUROC is then 1 -
            q: of a pair of one image of each class both labels are right with probability (1 - q)^2, both wrong with
            q^2, and else the pair is a toss-up.
    """

    image: Callable[[int, Generator, int], Drawn]
    classes: tuple[int, ...]
    names: tuple[str, ...]
    sizes: Mapping[Split, int]
    doubt: int | None = None

    def kind(self, number: int) -> int:
        """The kind of an image."""
        return number % len(self.classes)

    def label(self, number: int) -> int:
        """The class that an image's label names, which is not always the one that it is of."""
        right = self.classes[self.kind(number)]
        wrong = self.doubt is not None and (number // len(self.classes)) % self.doubt == self.doubt - 1
        return (right + wrong) % len(self.names)


@cache
def worlds() -> list[str]:
    """The names of all worlds: the files of this folder that define parts."""
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if "\nPARTS" in path.read_text(encoding="utf-8"))


@cache
def part_of(world: str, part: str) -> Part:
    """A part of a world.

    Raises:
        UsageError: if there is no such world or part; lists the near matches.
    """
    if world not in (names := worlds()):
        raise unknown("planted world", world, names)
    parts: dict[str, Part] = importlib.import_module(f"datamodules.worlds.{world}").PARTS
    if part not in parts:
        raise unknown(f"part of the planted world {world}", part, parts)
    return parts[part]
