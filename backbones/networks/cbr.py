"""The network of the CBR family."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage


class _ConvNormReLU(nn.Module):
    def __init__(self, in_channels: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.bn(self.conv(x)))


def _build(kernel: int, widths: tuple[int, ...], in_channels: int) -> nn.Sequential:
    inputs = (in_channels, *widths[:-1])
    return nn.Sequential(
        OrderedDict(
            (f"conv{number}", _ConvNormReLU(before, width, kernel))
            for number, (before, width) in enumerate(zip(inputs, widths, strict=True), start=1)
        )
    )


def _halve(x: Tensor) -> Tensor:
    return nn.functional.max_pool2d(x, kernel_size=3, stride=2, padding=1)


def _features(network: nn.Module, x: Tensor) -> list[Tensor]:
    maps: list[Tensor] = []
    for stage in network.children():
        maps.append(stage(_halve(maps[-1]) if maps else x))
    return maps


def _pooled(network: nn.Module, x: Tensor, last_pool: bool) -> Tensor:
    last = _features(network, x)[-1]
    return (_halve(last) if last_pool else last).mean(dim=(2, 3))


def cbr_backbone(kernel: int, widths: tuple[int, ...], last_pool: bool, in_channels: int) -> Backbone:
    """A CBR network: one convolution of ``kernel`` pixels per width, a max pool between two of them.

    Args:
        kernel: the height and width of every convolution's kernel in pixels.
        widths: the output channels of the convolutions, in order.
        last_pool: whether a max pool stands between the last convolution and the global average.
        in_channels: the number of channels of the input images.
    """
    return Backbone(
        build=partial(_build, kernel, widths, in_channels),
        stages=[
            Stage(f"conv{number + 1}", width, 2**number, (f"conv{number + 1}",)) for number, width in enumerate(widths)
        ],
        in_channels=in_channels,
        num_features=widths[-1],
        features=_features,
        pooled=partial(_pooled, last_pool=last_pool),
    )
