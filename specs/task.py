"""What a model is asked to do: the kind of task, its classes, and the metric that scores it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from specs.errors import UsageError

Kind = Literal["multilabel", "binary", "multiclass", "segmentation"]

IGNORED = 255
"""The value of a mask where nobody said what is there: such pixels are neither learned nor scored."""

METRICS = {"multilabel": "auroc", "binary": "auroc", "multiclass": "auroc", "segmentation": "dice"}


@dataclass(frozen=True)
class Task:
    """A task on images.

    Attributes:
        kind: ``multilabel`` (independent yes/no per class, missing labels allowed), ``binary`` (one yes/no class),
            ``multiclass`` (exactly one of the classes) or ``segmentation`` (each pixel is background or one of the
            classes).
        classes: the names of what is told apart, in order; ``binary`` has one. In masks, the first one is 1.
        scored: the classes that enter the score; a subset of ``classes`` in their order.
        positives: multiclass only: the classes that together count as positive in the score, which is then the
            AUROC of their summed probability; empty: the mean over the classes, each against the rest.
    """

    kind: Kind
    classes: tuple[str, ...]
    scored: tuple[str, ...] = ()
    positives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.scored:
            object.__setattr__(self, "scored", self.classes)
        outside = set(self.scored) - set(self.classes)
        fewest, most = {"binary": (1, 1), "segmentation": (1, IGNORED - 1)}.get(self.kind, (2, math.inf))
        if set(self.positives) - set(self.classes) or (self.positives and self.kind != "multiclass"):
            raise UsageError(
                f"not a {self.kind} task: positives {self.positives} of classes {self.classes}. Expected some of the "
                "classes, and that only in multiclass tasks."
            )
        if outside or len(set(self.classes)) != len(self.classes) or not fewest <= len(self.classes) <= most:
            number = {"binary": "one class", "segmentation": "one to 254 different classes"}
            raise UsageError(
                f"not a {self.kind} task: classes {self.classes}, scored {self.scored}. Expected "
                f"{number.get(self.kind, 'two or more different classes')}, and scored classes from among them."
            )

    @property
    def outputs(self) -> int:
        """How many numbers a network gives of an image, or of each pixel.

        One for each class; but of several classes of pixels one more, the background, which comes first.
        """
        return len(self.classes) + (self.kind == "segmentation" and len(self.classes) > 1)

    @property
    def metric(self) -> str:
        """``auroc`` (area under the receiver operating characteristic, macro mean over classes) or ``dice``."""
        return METRICS[self.kind]
