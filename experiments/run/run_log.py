"""What a run writes into its log: a line for each epoch, and warnings that are about the run."""

from __future__ import annotations

import logging
import math
import re
import sys
import warnings
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

LIBRARIES = ("pytorch_lightning", "lightning_fabric", "lightning")
"""Libraries whose remarks on devices, checkpoints and their own products are left out; their warnings are kept."""

ABOUT_LIBRARIES = (
    "The `srun` command is available",  # runs here are started by planners
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # within Lightning
    r"Found \d+ module\(s\) in eval mode",  # what an adaptation does not train, on purpose
    "The '?.*dataloader.*does not have many workers",  # batches are made by threads
)
"""The beginnings of warnings that libraries give about themselves, or about what is meant."""

TIME = "%Y-%m-%d %H:%M:%S"
EPOCH = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) epoch \d+ of at most \d+: ")
"""How the line of an epoch begins."""

_LOGGER = logging.getLogger(__name__)


def log_to_output() -> None:
    """Have this process, which carries out runs, write the lines of this file and all warnings to its output."""
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(message)s", datefmt=TIME, force=True)
    _LOGGER.setLevel(logging.INFO)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in ABOUT_LIBRARIES:
        warnings.filterwarnings("ignore", message=message)


def log_epoch(
    epoch: int, epochs: int, values: Mapping[str, float], learning_rate: float, speed: float, device: torch.device
) -> None:
    """Write the line of a finished epoch.

    Args:
        epoch: the number of the epoch, from 1.
        epochs: the largest number of epochs.
        values: losses and scores by name. What is undefined on the validation images, as a loss that a method does
            not have there, is left out.
        learning_rate: the learning rate of the epoch.
        speed: images a second, validation included in the time.
        device: the device that the run uses.
    """
    from experiments.run.machine.memory import peak_memory  # imports torch, which whoever reads a log does not need

    told = ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}"
        for name, value in values.items()
        if not (name.startswith("validation_") and math.isnan(value))
    )
    _LOGGER.info(
        "epoch %d of at most %d: %s, learning rate %.3g, %.3g images a second, peak memory %.2f GiB",
        epoch, epochs, told, learning_rate, speed, peak_memory(device) / 2**30,
    )  # fmt: skip


def seconds_an_epoch(log: Path) -> float | None:
    """How long an epoch in a run's log took; None before the second one.

    It is the median, so that the time in which a job was queued again, or a clock was set, does not count.
    """
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    times = [datetime.strptime(found[1], TIME) for line in lines if (found := EPOCH.match(line))]
    return median((later - earlier).total_seconds() for earlier, later in pairwise(times)) if len(times) > 1 else None
