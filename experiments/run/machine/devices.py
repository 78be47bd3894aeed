"""What processors are called in records and tables."""

from __future__ import annotations

import platform

import torch


def device_name(device: torch.device) -> str:
    """A GPU's model; of a CPU, its architecture, such as ``cpu x86_64``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{device} {platform.machine()}"
