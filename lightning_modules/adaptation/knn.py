"""k-NN: the nearest training images by the backbone's features vote, and nothing is trained (Wu et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightning_modules.adapting.solved import Judge, Known, SolvedHead, choose
from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from specs.task import Task

TITLE = "k-NN"


@dataclass(frozen=True)
class Knn(SolvedHead):
    """Weighted votes of the nearest training images by cosine similarity (``lightning_modules.neighbours``).

    The head holds the features and labels of all training images.

    Attributes:
        neighbours: the numbers of neighbours that are tried, each at least 1; one is chosen by the validation images,
            by the recipe's ``selection``, and of those that do equally well the first.
    """

    neighbours: tuple[int, ...] = (20, 5, 10, 50, 100, 200)

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            UsageError: if there is none, or one is below 1.
        """
        if not self.neighbours or min(self.neighbours) < 1:
            raise UsageError(f"knn: expected one or more numbers of neighbours, found {list(self.neighbours)}.")

    def head(self, features: int, task: Task) -> nn.Module:
        """A head without images."""
        from lightning_modules.neighbours import NeighbourHead

        return NeighbourHead(features, task)

    def solve(self, head: nn.Module, known: Known, task: Task, judge: Judge) -> list[dict[str, Any]]:
        """Take over the images, and choose the number of neighbours; numbers above that of images are all of them."""
        from lightning_modules.neighbours import NeighbourHead

        assert isinstance(head, NeighbourHead)
        head.remember(known.features, known.targets)

        def options() -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
            for number in dict.fromkeys(min(one, len(known.features)) for one in self.neighbours):
                yield {"neighbours": number}, lambda number=number: head.ask(number)  # type: ignore[misc]

        return choose(options(), lambda: judge(head))
