"""DPT: for plain transformers, whose feature maps all have the size of the grid of patches: ViT, DeiT, DINOv2, BEiT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.dpt.decoder import DPTDecoder
from torch import Tensor, nn
from torch.nn import functional as F

from backbones.networks.contract import Backbone, Stage
from lightning_modules.decoding.contract import Decoder
from lightning_modules.decoding.levels import FINEST, LEVELS, doublings, evenly, has_one_stride

WIDTH = 256
"""The most channels of the fused maps, which is smp's and DPT's default."""

SHARES = (8, 4, 2, 1)
"""By how much the transformer's channels are divided for the four maps that are put together, finest first: DPT's for
ViT-B, 96, 192, 384 and 768 (https://github.com/isl-org/DPT, dpt/vit.py)."""


class DPT(Decoder):
    """The DPT decoder of segmentation-models-pytorch (Ranftl et al. 2021, https://arxiv.org/abs/2103.13413).

    It takes the maps of four evenly spaced blocks without the class token (smp's readout ``ignore``), brings them to
    strides of about 4, 8, 16 and 32 pixels and fuses them from the coarsest to the finest. smp doubles a fused map and
    adds the next one, which needs grids of an even number of patches; here a fused map is resampled to the next one's
    size where they differ. The fused maps have as many channels as the transformer, at most 256. Decoder and head are
    initialized as in smp's ``DPT``, transposed convolutions as torch does.

    Args:
        backbone: a backbone whose stages all have the same stride.
        dropout: the dropout probability in front of the last convolution.
        outputs: the number of logits of each pixel.
    """

    takes: ClassVar[str] = "feature maps of one stride, as plain transformers have them"

    def __init__(self, backbone: Backbone, dropout: float, outputs: int = 1) -> None:
        super().__init__(backbone)
        stages = backbone.stages
        self.numbers = evenly(len(stages))
        channels = [stages[number].channels for number in self.numbers]
        width = min(WIDTH, channels[-1])
        self.decoder = DPTDecoder(
            encoder_out_channels=channels,
            encoder_output_strides=[FINEST * 2 ** doublings(stages[0].stride)] * LEVELS,
            encoder_has_prefix_tokens=False,
            readout="ignore",
            intermediate_channels=[max(1, count // share) for count, share in zip(channels, SHARES, strict=True)],
            fusion_channels=width,
        )
        self.head = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(width, outputs, 1),
        )
        initialize_decoder(self.decoder)
        initialize_head(self.head)

    @staticmethod
    def fits(stages: Sequence[Stage]) -> bool:
        """Whether all strides are the same."""
        return has_one_stride(stages)

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits (B, outputs, H, W).

        Args:
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage.
        """
        taken = [maps[number] for number in self.numbers]
        levels = [block(level) for block, level in zip(self.decoder.reassemble_blocks, taken, strict=True)]
        fused: Tensor | None = None
        for block, level in zip(self.decoder.fusion_blocks, reversed(levels), strict=True):
            if fused is not None and fused.shape[2:] != level.shape[2:]:
                fused = F.interpolate(fused, level.shape[2:], mode="bilinear", align_corners=True)
            fused = block(level, fused)
        return self.at_input_size(self.head(fused), x, maps)
