"""The contract of adaptations that compute a head from the features of training images, in one step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lightning_modules.adapting.contract import Adaptation
from specs.errors import RunError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backbones.networks.contract import Backbone
    from specs.task import Task

OF_FEATURES = (
    "image_size", "resampling", "crop_from", "stored_size", "batch_size", "precision", "memory_format", "threads",
)  # fmt: skip
"""The settings of a recipe that change features, the last four in their last digits."""

OF_HEADS = (*OF_FEATURES, "normalization", "test_time_augmentation", "selection", "deterministic", "adaptation")
"""All settings of a recipe that change a run whose head is solved; it has no epochs, optimizer or augmentation."""

Judge = Callable[["nn.Module"], float]
"""A function that gives a head's score on the features of the validation images; higher is better."""


@dataclass(frozen=True)
class Known:
    """Images that a head is solved from or judged by.

    Attributes:
        features: the pooled features of the images, float32 (N, F), on the CPU.
        targets: the numbers of their classes, int64 (N,); or their findings, float32 (N, K) in [0, 1], NaN where there
            is no label.
    """

    features: Tensor
    targets: Tensor

    def __post_init__(self) -> None:
        """Check that features are finite.

        Raises:
            RunError: if those of an image are not.
        """
        if broken := int((~self.features.isfinite()).any(dim=1).sum()):
            raise RunError(
                f"the features of {broken} of {len(self.features)} images are not finite, so that no head can "
                'be solved from them. Look at the weights that the run starts from, and use precision="32".'
            )


class SolvedHead(Adaptation, ABC):
    """An adaptation that leaves the backbone as it is and computes the head from features.

    There are no epochs, no augmentation and no learning rate. What it can choose, it chooses by the validation images.
    """

    solved: ClassVar[bool] = True
    long: ClassVar[bool] = False
    """Whether solving takes long beside reading features, so that a head is kept for runs with other seeds."""

    def trains(self, backbone: Backbone, name: str) -> bool:
        """No parameter of the backbone is trained."""
        return False

    def resting(self, backbone: Backbone) -> Iterable[nn.Module]:
        """The whole backbone stays in evaluation mode."""
        return (backbone,)

    @abstractmethod
    def head(self, features: int, task: Task) -> nn.Module:
        """A head that is not solved yet, from features (N, F) to logits (N, K).

        Args:
            features: the length F of a feature vector.
            task: the task of classification, with K classes.
        """

    @abstractmethod
    def solve(self, head: nn.Module, known: Known, task: Task, judge: Judge) -> list[dict[str, Any]]:
        """Solve a head, in place.

        Args:
            head: a head that ``head`` made.
            known: the training images.
            task: the task that the head is for.
            judge: the function by which one of several heads is chosen; of equal ones, the first that was tried.

        Returns:
            What was tried, in order: its setting, its ``validation`` score and whether it was ``chosen``.
        """


def choose(
    options: Iterable[tuple[dict[str, Any], Callable[[], None]]], score: Callable[[], float]
) -> list[dict[str, Any]]:
    """Try several settings of a head in turn, and leave the head at the best one.

    Args:
        options: pairs of a setting, as plain data, and a function that sets the head to it.
        score: the function that scores the head as it is; higher is better, NaN is worst.
    """
    tried: list[dict[str, Any]] = []
    best: Callable[[], None] | None = None
    highest = float("-inf")
    for setting, put in options:
        put()
        value = score()
        if best is None or value > highest:
            best, highest = put, value if value == value else float("-inf")
            for one in tried:
                one["chosen"] = False
        tried.append(setting | {"validation": value if value == value else None, "chosen": best is put})
    assert best is not None
    best()
    return tried
