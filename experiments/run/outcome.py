"""What the training of a run left, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datamodules.dataset.splits import Split
from experiments.run.predictions import Rows


@dataclass(frozen=True)
class Outcome:
    """What a run's training left, before anything is written.

    Attributes:
        told: the predictions of each split that was tested; empty for a pretraining.
        validated: the loss and metric of the validation images at the best epoch, or with the solved head.
        trained: the number of parameters that were trained or solved.
        changed: whether the module holds other tensors than the file of the best epoch, or there is no such file.
        trains: whether there were epochs.
        tried: what was tried for a solved head, in order.
    """

    told: Mapping[Split, Rows]
    validated: Mapping[str, Any]
    trained: int
    changed: bool
    trains: bool = True
    tried: Sequence[Mapping[str, Any]] = ()
