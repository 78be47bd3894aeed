"""The network of the plain backbone: a chain of convolutions and ReLUs without any normalization layer."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage

STAGES = 3


def _convolution(in_channels: int, channels: int, stride: int, start: str) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1)
    if start == "he":
        assert conv.bias is not None
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        nn.init.zeros_(conv.bias)
    return conv


def _build(depth: int, width: int, in_channels: int, start: str) -> nn.Sequential:
    layers, before, number = OrderedDict[str, nn.Module](), in_channels, 0
    for stage, convolutions in enumerate((1, (depth - 1) // 2, depth - 1 - (depth - 1) // 2), 1):
        inside = OrderedDict[str, nn.Module]()
        for position in range(convolutions):
            number += 1
            inside[f"conv{number}"] = _convolution(before, width, 1 if position else 2, start)
            inside[f"relu{number}"] = nn.ReLU()
            before = width
        layers[f"stage{stage}"] = nn.Sequential(inside)
    return nn.Sequential(layers)


def _features(network: nn.Module, x: Tensor) -> list[Tensor]:
    return list(itertools.accumulate(network.children(), lambda maps, stage: stage(maps), initial=x))[1:]


def _pooled(network: nn.Module, x: Tensor) -> Tensor:
    return _features(network, x)[-1].mean(dim=(2, 3))


def plain_backbone(depth: int, width: int, in_channels: int, start: str) -> Backbone:
    """The plain network: ``depth`` convolutions in three stages, the first of each at stride 2."""
    names = [f"stage{number}" for number in range(1, STAGES + 1)]
    return Backbone(
        build=partial(_build, depth, width, in_channels, start),
        stages=[Stage(name, width, 2**number, (name,)) for number, name in enumerate(names, 1)],
        in_channels=in_channels,
        num_features=width,
        features=_features,
        pooled=_pooled,
    )
