"""What a model is asked to do: the kind of task, its classes, and the metric that scores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from specs.errors import UsageError

Kind = Literal["multilabel", "binary", "multiclass", "segmentation"]
METRICS = {"multilabel": "auroc", "binary": "auroc", "multiclass": "auroc", "segmentation": "dice"}


@dataclass(frozen=True)
class Task:
    """A task on images.

    Attributes:
        kind: ``multilabel`` (independent yes/no per class, missing labels allowed), ``binary`` (one yes/no class),
            ``multiclass`` (exactly one of the classes) or ``segmentation`` (one foreground class).
        classes: the names of the outputs in order; ``binary`` and ``segmentation`` have one.
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
        single = self.kind in ("binary", "segmentation")
        if set(self.positives) - set(self.classes) or (self.positives and self.kind != "multiclass"):
            raise UsageError(
                f"not a {self.kind} task: positives {self.positives} of classes {self.classes}. Expected some of the "
                "classes, and that only in multiclass tasks."
            )
        if outside or len(set(self.classes)) != len(self.classes) or (len(self.classes) == 1) != single:
            raise UsageError(
                f"not a {self.kind} task: classes {self.classes}, scored {self.scored}. Expected "
                f"{'one class' if single else 'two or more different classes'}, and scored classes from among them."
            )

    @property
    def metric(self) -> str:
        """``auroc`` (area under the receiver operating characteristic, macro mean over classes) or ``dice``."""
        return METRICS[self.kind]
