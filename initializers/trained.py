"""Reading the weights of a required run, for every initializer that starts from one."""

from __future__ import annotations

from initializers.contract import Weights, WeightsOf
from initializers.files import sha256_of
from specs.errors import unknown
from specs.registry import METHODS
from specs.run import Pretraining


def check_method(name: str) -> None:
    """Refuse a self-supervised method that does not exist.

    Raises:
        UsageError: lists the near matches.
    """
    if name not in METHODS.entries:
        raise unknown("pretraining method", name, METHODS.entries)


def trained_weights(need: Pretraining, weights_of: WeightsOf) -> Weights:
    """The backbone's tensors as the required run left them, under the names that it wrote.

    Raises:
        WeightsError: if the file is missing or damaged.
    """
    from initializers.checkpoints import read_tensors

    path = weights_of(need)
    return Weights(
        read_tensors(path)[0],
        source=f"{need.initializer} trained on {need.dataset}",
        sha256=sha256_of(path),
    )
