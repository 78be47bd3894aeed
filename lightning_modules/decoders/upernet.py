"""UPerNet: for backbones whose feature maps do not grow from stage to stage: pyramids and plain transformers alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.upernet.decoder import UPerNetDecoder
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from lightning_modules.decoding.contract import Decoder
from lightning_modules.decoding.levels import Levels

WIDTH = 256
"""The most channels of the decoder's maps: smp's default (https://smp.readthedocs.io/en/latest/models.html#upernet)."""


class UPerNet(Decoder):
    """The UPerNet decoder of segmentation-models-pytorch (Xiao et al. 2018, https://arxiv.org/abs/1807.10221).

    It takes a pyramid of up to four maps (``lightning_modules.decoding.levels.Levels``), has as many channels as the
    coarsest of them, at most 256, and answers at the finest one's size, from which logits are resampled to the input's.
    Decoder and head are initialized as in smp's ``UPerNet``, transposed convolutions as torch does.

    Args:
        backbone: a backbone whose strides do not fall from stage to stage.
        dropout: the dropout probability in front of the last convolution.
        outputs: the number of logits of each pixel.
    """

    takes: ClassVar[str] = "feature maps that do not grow from stage to stage"

    def __init__(self, backbone: Backbone, dropout: float, outputs: int = 1) -> None:
        super().__init__(backbone)
        self.levels = Levels(backbone.stages)
        channels = self.levels.channels
        width = min(WIDTH, channels[-1])
        # smp leaves the maps of the first two places out, which it expects at strides 1 and 2.
        self.decoder = UPerNetDecoder([0, 0, *channels], encoder_depth=len(channels) + 1, decoder_channels=width)
        for block in self.decoder.psp.blocks:
            block[0] = RegionMeans(block[0].output_size)
        self.head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(width, outputs, 1))
        initialize_decoder(self.decoder)
        initialize_head(self.head)

    @staticmethod
    def fits(stages: Sequence[Stage]) -> bool:
        """Whether no stride is smaller than the one before."""
        strides = [stage.stride for stage in stages]
        return strides == sorted(strides)

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits (B, outputs, H, W).

        Args:
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage.
        """
        return self.at_input_size(self.head(self.decoder([x, x, *self.levels(maps)])), x, maps)


class RegionMeans(nn.Module):
    """The means over a grid of regions of a map, the same regions as ``torch.nn.AdaptiveAvgPool2d``.

    torch's layer has no deterministic gradient on a GPU (``torch.use_deterministic_algorithms``); two products of
    matrices have one.

    Args:
        regions: the number of regions in each direction.
    """

    def __init__(self, regions: int) -> None:
        super().__init__()
        self.regions = regions

    def forward(self, x: Tensor) -> Tensor:
        """The means, (B, C, regions, regions), of maps (B, C, H, W)."""
        return self._shares(x.shape[2], x) @ x @ self._shares(x.shape[3], x).T

    def _shares(self, length: int, like: Tensor) -> Tensor:
        """The share of each of ``length`` places in each region's mean, (regions, length)."""
        number = torch.arange(self.regions, device=like.device)[:, None]
        place = torch.arange(length, device=like.device)
        begin, end = number * length // self.regions, ((number + 1) * length + self.regions - 1) // self.regions
        inside = ((begin <= place) & (place < end)).to(like.dtype)
        return inside / inside.sum(dim=1, keepdim=True)
