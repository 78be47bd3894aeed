"""What a run was made with: versions, hardware, the state of the sources. Recorded; none of it enters the key.

It tells no place: neither a host's name nor a path or a user's name is in it.
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
"""Parts of an environment that must be the same for a network to compute the same bits."""

COMMIT = re.compile("([0-9a-f]{40,64})(-dirty)?")


def environment(device: torch.device) -> dict[str, Any]:
    """The environment of a run on a device, as plain data.

    ``date`` is today's in UTC (ISO 8601); ``cpu`` the processor's model; ``source`` the state of the project's own
    sources if they are a git checkout, else None; ``host`` the cores that this process may use, and memory in GiB (of
    the GPU: None if there is none).
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
    """The parts that decide about arithmetic and are not the recorded ones; what a record lacks is taken to be so."""
    stated = here | {"devices": 1} | recorded
    return [name for name in ARITHMETIC if stated[name] != here[name]]


def cpu_model(facts: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model, or its architecture where the system does not say.

    Args:
        facts: Linux's file (https://man7.org/linux/man-pages/man5/proc_cpuinfo.5.html).
    """
    try:
        lines = facts.read_text(encoding="utf-8").splitlines()
    except OSError:  # another system
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


@cache
def source_state(home: Path) -> dict[str, Any] | None:
    """The commit of a checkout and whether a file that git follows was changed since; None if ``home`` is none.

    None also where git is not installed or refuses: a record is not worth failing a run for.
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
    """Bytes of this machine's memory; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gib(size: int | None) -> float | None:
    return None if size is None else round(size / 2**30, 1)
