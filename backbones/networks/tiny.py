"""The network of the tiny backbone: a stem and three residual blocks, each at half the resolution of the one before."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage


def _conv_norm(in_channels: int, channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, channels, kernel, stride=stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(channels)))


class _Stem(nn.Module):
    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.bn(self.conv(x)))


class _Residual(nn.Module):
    """The basic block of He et al. 2016 with a projection shortcut (option B).

    All normalization weights start at 1, as torchvision's. The shortcut takes every second pixel and then convolves,
    which is a strided convolution of one pixel: torch 2.15 writes beyond its memory in one of under eight channels,
    stored pixel by pixel, on processors without AVX-512 (tests/backbones/test_strided_shortcut.py).
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = _conv_norm(in_channels, width, 3, stride=2)
        self.conv2 = _conv_norm(width, width, 3)
        self.shortcut = _conv_norm(in_channels, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(nn.functional.relu(self.conv1(x)))
        return nn.functional.relu(y + self.shortcut(x[..., ::2, ::2]))


def _build(widths: tuple[int, ...], in_channels: int) -> nn.Sequential:
    layers = OrderedDict[str, nn.Module](conv1=_Stem(in_channels, widths[0]))
    for number, (before, width) in enumerate(itertools.pairwise(widths), start=1):
        layers[f"layer{number}"] = _Residual(before, width)
    return nn.Sequential(layers)


def _features(network: nn.Module, x: Tensor) -> list[Tensor]:
    maps = []
    for stage in network.children():
        x = stage(x)
        maps.append(x)
    return maps


def _pooled(network: nn.Module, x: Tensor) -> Tensor:
    return _features(network, x)[-1].mean(dim=(2, 3))


def tiny_backbone(widths: tuple[int, ...], in_channels: int) -> Backbone:
    """The tiny network: a stem at the input's resolution and a residual block per further width."""
    names = ("conv1", *(f"layer{number}" for number in range(1, len(widths))))
    return Backbone(
        build=partial(_build, widths, in_channels),
        stages=[Stage(name, widths[number], 2**number, (name,)) for number, name in enumerate(names)],
        in_channels=in_channels,
        num_features=widths[-1],
        features=_features,
        pooled=_pooled,
        residual_ends=[f"{name}.conv2.bn.weight" for name in names[1:]],
    )
