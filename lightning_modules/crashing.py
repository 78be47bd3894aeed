"""Layers that torch cannot train on some processors: they are found before a training starts."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from specs.errors import RunError

FEWEST, MOST = 2, 7
"""With so many input channels, and images stored pixel by pixel, the gradient of a strided convolution of one pixel is
written beyond its memory by torch 2.15 on processors without AVX-512. Found by trials of 60 steps: all hung
with 2 to 6 channels; none did with 1, 7, 8 or 9, without a gradient, or with kernels of 3 x 3. 7 is counted in since
what is written beyond memory often does no harm that is seen. ``backbones/networks/tiny.py`` goes around it."""


def check_trainable(network: nn.Module, memory_format: torch.memory_format, device: torch.device) -> None:
    """Refuse a network with a layer that would write beyond its memory while it is trained.

    Args:
        network: the network with all of its layers.
        memory_format: the format of images and weights in memory.
        device: the device that it is trained on.

    Raises:
        RunError: names the layer and what to do.
    """
    if memory_format != torch.channels_last or device.type != "cpu":
        return
    capability = torch.backends.cpu.get_cpu_capability()
    if "AVX512" in capability or (name := next(crashing_layers(network), None)) is None:
        return
    raise RunError(
        f"the layer {name} is a strided convolution of one pixel with {FEWEST} to {MOST} input channels, which torch "
        f"{torch.__version__} cannot train with memory_format=channels_last on a processor without AVX-512 (this one "
        f"has {capability}): it writes beyond its memory. Give --set memory_format=contiguous, which is another run, "
        "or another network or machine."
    )


def crashing_layers(network: nn.Module) -> Iterator[str]:
    """The names of the layers that would write beyond their memory."""
    for name, layer in network.named_modules():
        strided = isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and max(layer.stride) > 1
        if strided and FEWEST <= layer.in_channels <= MOST:
            yield name
