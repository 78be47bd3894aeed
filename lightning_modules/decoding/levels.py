"""Which feature maps of a backbone a decoder takes, and how maps of one stride become a pyramid."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from backbones.networks.contract import Stage

LEVELS = 4
"""The number of feature maps that a decoder takes, as of the last four stages of a ResNet (strides 4, 8, 16, 32)."""

FINEST = 4
"""The stride in pixels that the finest map of a plain transformer is brought to."""


def has_one_stride(stages: Sequence[Stage]) -> bool:
    """Whether all feature maps have the same stride, as those of a plain transformer."""
    return len({stage.stride for stage in stages}) == 1


def evenly(count: int, taken: int = LEVELS) -> tuple[int, ...]:
    """The numbers, from 0, of evenly spaced blocks, of which the last is the network's last one.

    Of 12 blocks they are 2, 5, 8 and 11, of 24 they are 5, 11, 17 and 23, as in DPT's code (Ranftl et al. 2021,
    https://github.com/isl-org/DPT, dpt/vit.py). Where there are fewer blocks than are taken, some are taken twice.

    Args:
        count: the number of blocks of the network, at least 1.
        taken: how many of them are taken, at least 1.
    """
    return tuple(-(-count * number // taken) - 1 for number in range(1, taken + 1))


def doublings(stride: int) -> int:
    """How often a map is doubled in size so that its stride comes nearest to 4 pixels, at least 0.

    Maps of patches of 14 and 16 pixels are doubled twice, those of 8 once.

    Args:
        stride: the number of pixels of the input per pixel of the map, in each direction.
    """
    return max(0, round(math.log2(stride / FINEST)))


def scaling(channels: int, doubled: int) -> nn.Sequential:
    """Layers that bring a feature map to another size, as in BEiT's code for UPerNet.

    Maps are enlarged by transposed convolutions of 2 x 2 pixels, with batch norm and GELU between two of them, and made
    smaller by a max pool (https://github.com/microsoft/unilm, beit/semantic_segmentation/backbone/beit.py, which MAE
    and ViT-Adapter use too). A last window of the pool may be smaller, so that maps of any size are taken.

    Args:
        channels: the number of channels of the map, which stays as it is.
        doubled: how often the size is doubled; below 0, how often it is halved.
    """
    layers: list[nn.Module] = []
    if doubled < 0:
        layers.append(nn.MaxPool2d(2**-doubled, ceil_mode=True))
    for number in range(doubled):
        if number:
            layers += [nn.BatchNorm2d(channels), nn.GELU()]
        layers.append(nn.ConvTranspose2d(channels, channels, 2, stride=2))
    return nn.Sequential(*layers)


class Levels(nn.Module):
    """The pyramid of feature maps that a decoder takes, finest first.

    Of networks whose maps have several strides, it is the last map of each of the (at most four) largest strides. Of a
    plain transformer, whose maps have one, it is those of four evenly spaced blocks, brought to strides of about 4, 8,
    16 and 32 pixels (``scaling``).

    Args:
        stages: the backbone's stages, whose strides do not fall.

    Attributes:
        channels: the number of channels of each map.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        super().__init__()
        last = {stage.stride: number for number, stage in enumerate(stages)}
        self.numbers = tuple(last.values())[-LEVELS:]
        doubled = [0] * len(self.numbers)
        if has_one_stride(stages):
            self.numbers = evenly(len(stages))
            doubled = [doublings(stages[0].stride) - level for level in range(LEVELS)]
        self.channels = [stages[number].channels for number in self.numbers]
        self.scalings = nn.ModuleList(map(scaling, self.channels, doubled))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The maps of the pyramid, from one feature map per stage."""
        return [layers(maps[number]) for layers, number in zip(self.scalings, self.numbers, strict=True)]
