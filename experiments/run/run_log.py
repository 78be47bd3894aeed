"""What a run writes into its log: a line for each epoch, and warnings that are about the run."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Mapping

import torch

from experiments.run.machine.memory import peak_memory

LIBRARIES = ("pytorch_lightning", "lightning_fabric", "lightning")
"""Libraries whose remarks on devices, checkpoints and their own products are left out; their warnings are kept."""

ABOUT_LIBRARIES = (
    "The `srun` command is available",  # runs here are started by planners
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # within Lightning
    r"Found \d+ module\(s\) in eval mode",  # what an adaptation does not train, on purpose
    "The '?.*dataloader.*does not have many workers",  # batches are made by threads
)
"""The beginnings of warnings that libraries give about themselves, or about what is meant."""

_LOGGER = logging.getLogger(__name__)


def log_to_output() -> None:
    """Have this process, which carries out runs, write the lines of this file and all warnings to its output."""
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S", force=True)
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
        values: losses and scores by name.
        learning_rate: the learning rate of the epoch.
        speed: images a second, validation included in the time.
        device: the device that the run uses.
    """
    told = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items())
    _LOGGER.info(
        "epoch %d of at most %d: %s, learning rate %.3g, %.3g images a second, peak memory %.2f GiB",
        epoch, epochs, told, learning_rate, speed, peak_memory(device) / 2**30,
    )  # fmt: skip
