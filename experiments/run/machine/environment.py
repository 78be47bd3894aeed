"""The environment of a run: versions, hardware, the state of the sources. It is recorded and does not enter the key.

It contains no names of hosts or users and no paths.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from experiments.run.machine.cores import cores
from experiments.run.machine.devices import device_name
from lightning_modules.gathering import processes
from specs.packages import HOME

LIBRARIES = (
    "medtransfer",
    "torch",
    "pytorch-lightning",
    "torchmetrics",
    "timm",
    "segmentation-models-pytorch",
    "albumentations",
    "numpy",
)

ARITHMETIC = ("python", "platform", "device", "cpu", "devices", "versions")
"""Parts of an environment that must be equal for a network to compute bitwise equal results."""

COMMIT = re.compile("([0-9a-f]{40,64})(-dirty)?")


def environment(device: torch.device) -> dict[str, Any]:
    """The environment of a run on a device, as plain data.

    ``date`` is today's date in UTC (ISO 8601), ``cpu`` the processor's model, and ``devices`` the number of processes
    that train together. ``source`` is the state of the project's own sources if they are a git checkout, else None.
    ``host`` holds the cores that this process may use, and the memory of the machine and of the GPU in GiB; the
    latter is None if there is no GPU.
    """
    gpu = torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device_name(device),
        "cpu": cpu_model(),
        "devices": processes(),
        "versions": {name: version(name) for name in LIBRARIES},
        "source": source_state(HOME),
        "host": {"cores": cores(), "memory": _gib(_memory()), "gpu_memory": _gib(gpu)},
    }


def unlike(recorded: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """The parts of the environment in ``ARITHMETIC`` that are not the recorded ones; parts a record lacks are equal."""
    stated = here | {"devices": 1} | recorded
    return [name for name in ARITHMETIC if stated[name] != here[name]]


def cpu_model(facts: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model, or its architecture if the system does not name the model.

    Args:
        facts: Linux's file on processors (https://man7.org/linux/man-pages/man5/proc_cpuinfo.5.html).
    """
    try:
        lines = facts.read_text(encoding="utf-8").splitlines()
    except OSError:  # another system
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


@cache
def source_state(home: Path) -> dict[str, Any] | None:
    """The commit of a git checkout, and whether tracked files have changed since; None if ``home`` is no checkout.

    It is also None if git is not installed or fails, since a run must not fail because of its record.
    """
    if not (home / ".git").exists():
        return None
    command = ["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=10, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    found = COMMIT.fullmatch(told)
    return {"commit": found[1], "changed": bool(found[2])} if found else None


def _memory() -> int | None:
    """The size of this machine's memory, in bytes; None if the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gib(size: int | None) -> float | None:
    return None if size is None else round(size / 2**30, 1)
