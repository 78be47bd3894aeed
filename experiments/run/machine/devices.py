"""The names of processors in records and tables."""

from __future__ import annotations

import platform

import torch


def device_name(device: torch.device) -> str:
    """The model of a GPU, or the architecture of a CPU, such as ``cpu x86_64``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{device} {platform.machine()}"
