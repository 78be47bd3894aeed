"""Convolutions of small maps, computed by other means: several times as fast on a CPU.

Depthwise ones are sums over pixels, and pointwise ones products of matrices.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LARGEST = 9
"""The largest map, in pixels, of a depthwise convolution that is computed this way. Forward and backward of 32 maps
took one thread 0.4 ms instead of 25 (1152 channels, 5 x 5 weights, one pixel), 2.8 instead of 15 (672, 5 x 5, 2 x 2)
and 3.8 instead of 20 (672, 5 x 5, 3 x 3); at 4 x 4 pixels both took about the same."""

LARGEST_POINTWISE = 64
"""The largest map, in pixels, of a pointwise convolution that is computed this way. Forward and backward of 32 maps
took one thread 2.0 ms instead of 4.7 (192 to 1152 channels, one pixel), 1.5 instead of 2.6 (112 to 672, 2 x 2) and 1.7
instead of 2.1 (24 to 144, 8 x 8), the forward pass alone 0.3 instead of 1.5, 0.3 instead of 0.7 and 0.3 instead of 0.4;
at 16 x 16 pixels both took about the same."""


class SmallMapDepthwise(nn.Conv2d):
    """A depthwise convolution that keeps the size of its maps, equal to ``nn.Conv2d`` up to rounding."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        height, width = input.shape[2:]
        if height * width > LARGEST:
            convolved: Tensor = super()._conv_forward(input, weight, bias)
            return convolved
        size = height * width
        taps = weight.flatten(1) @ _taps(self.kernel_size, (height, width)).to(weight)
        by_pixels = taps.T.view(size, size, -1)  # from, to, channels
        pixels = input.permute(0, 2, 3, 1).flatten(1, 2)[:, :, None]
        made: Tensor = (pixels * by_pixels).sum(dim=1)
        made = made if bias is None else made + bias
        return made.view(len(input), height, width, -1).permute(0, 3, 1, 2)


class SmallMapPointwise(nn.Conv2d):
    """A convolution of single pixels, equal to ``nn.Conv2d`` up to rounding."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if input.shape[2] * input.shape[3] > LARGEST_POINTWISE:
            convolved: Tensor = super()._conv_forward(input, weight, bias)
            return convolved
        return F.linear(input.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)


def with_small_maps(network: nn.Module) -> None:
    """Have a network compute small maps this way, in place; names and values of its parameters stay."""
    for module in network.modules():
        # The class alone changes, as torch's parametrizations do it, so that whatever holds the module still does.
        if type(module) is not nn.Conv2d or not _keeps_size(module):
            continue
        if module.groups == module.in_channels == module.out_channels > 1:
            module.__class__ = SmallMapDepthwise
        elif module.groups == 1 and module.kernel_size == (1, 1):
            module.__class__ = SmallMapPointwise


def without_small_maps(network: nn.Module) -> None:
    """Undo ``with_small_maps``, in place."""
    for module in network.modules():
        if type(module) in (SmallMapDepthwise, SmallMapPointwise):
            module.__class__ = nn.Conv2d


def _keeps_size(layer: nn.Conv2d) -> bool:
    """Whether a convolution's maps have as many pixels as its inputs, with zeros around them."""
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return False
    same = all(2 * pad == side - 1 for pad, side in zip(layer.padding, layer.kernel_size, strict=True))
    return same and layer.stride == (1, 1) and layer.dilation == (1, 1)


@lru_cache(maxsize=64)
def _taps(kernel: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Which weight leads from one pixel to another: 1 or 0, (weights, pixels * pixels), the target last."""
    pixels, weights = size[0] * size[1], kernel[0] * kernel[1]
    each_pixel = torch.eye(pixels).view(pixels, 1, *size)
    each_weight = torch.eye(weights).view(weights, 1, *kernel)
    reached = F.conv2d(each_pixel, each_weight, padding=(kernel[0] // 2, kernel[1] // 2))
    return reached.flatten(2).transpose(0, 1).flatten(1)
