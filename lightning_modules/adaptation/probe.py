"""Probe: a linear head is solved exactly on the features of a backbone that stays as it is, for several penalties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lightning_modules.adapting.solved import Judge, Known, SolvedHead, choose
from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from specs.task import Task

PENALTIES = (10.0, 1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
"""Penalties from features that hardly count to nearly none, closest where a few hundred images mostly have theirs; this
project's own."""


@dataclass(frozen=True)
class Probe(SolvedHead):
    """Logistic regression with an L2 penalty on the features of the initializer's weights.

    Features are scaled to mean 0 and standard deviation 1 over the training images. Minimized is the mean loss over the
    images plus penalty / 2 times the sum of the squared weights, for each finding on its own (scikit-learn's
    ``LogisticRegression`` with C = 1 / (penalty N)), or for exclusive classes together. The objective is convex, so
    that the answer does not depend on a learning rate or on a random draw. The penalty is chosen by the validation
    images, by the recipe's ``selection``.

    Attributes:
        penalties: the penalties that are tried, each above 0; of those that do equally well, the largest is taken.
    """

    penalties: tuple[float, ...] = PENALTIES
    long: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the penalties.

        Raises:
            UsageError: if there is none, or one is not positive.
        """
        if not self.penalties or min(self.penalties) <= 0:
            raise UsageError(f"probe: expected one or more penalties above 0, found {list(self.penalties)}.")

    def head(self, features: int, task: Task) -> nn.Module:
        """A linear layer behind a dropout that does nothing, as other heads are."""
        from torch import nn

        return nn.Sequential(nn.Dropout(0.0), nn.Linear(features, len(task.classes)))

    def solve(self, head: nn.Module, known: Known, task: Task, judge: Judge) -> list[dict[str, Any]]:
        """Solve the head for each penalty, from the largest to the smallest, and keep the best one."""
        import torch

        from lightning_modules.adapting.logistic import regressions

        linear: nn.Linear = head[1]  # type: ignore[index]

        def put(weight: torch.Tensor, bias: torch.Tensor) -> Callable[[], None]:
            def into() -> None:
                with torch.no_grad():
                    linear.weight.copy_(weight)
                    linear.bias.copy_(bias)

            return into

        def options() -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
            exclusive = len(task.classes) if task.kind == "multiclass" else None
            for one in regressions(known.features, known.targets, sorted(self.penalties, reverse=True), exclusive):
                yield {"penalty": one.penalty}, put(one.weight, one.bias)

        return choose(options(), lambda: judge(head))
