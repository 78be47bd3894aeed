"""U-Net: for backbones whose feature maps halve from stage to stage: ResNet, DenseNet, ConvNeXt, Swin, CBR, tiny."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar

from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from lightning_modules.decoding.contract import Decoder


class UNet(Decoder):
    """The U-Net decoder of segmentation-models-pytorch (Ronneberger et al. 2015) over a backbone's stages.

    Decoder and head are initialized as in smp's ``Unet`` (``segmentation_models_pytorch/base/initialization.py``, as in
    the benchmark's copy of it, MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1): the decoder's convolutions
    are drawn from He's uniform distribution by their inputs, the head's from Glorot's uniform distribution; biases are
    0, scales of normalization layers 1 and their shifts 0.

    Args:
        backbone: a backbone whose strides double from stage to stage.
        dropout: the dropout probability in front of the last convolution.
        outputs: the number of logits of each pixel.
    """

    takes: ClassVar[str] = "feature maps whose strides double from stage to stage, from 1, 2 or 4 on"

    def __init__(self, backbone: Backbone, dropout: float, outputs: int = 1) -> None:
        super().__init__(backbone)
        stages = backbone.stages
        # A stem of stride 4 (ConvNeXt) gives no skip connection at stride 2. An empty one takes its place, so that each
        # block of the decoder doubles the resolution.
        self.empty = stages[0].stride == 4
        channels = [0] * self.empty + [stage.channels for stage in stages]
        widths = decoder_widths(stages)
        self.decoder = UnetDecoder([backbone.in_channels, *channels], widths, n_blocks=len(widths))
        self.head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(widths[-1], outputs, 3, padding=1))
        initialize_decoder(self.decoder)
        initialize_head(self.head)

    @staticmethod
    def fits(stages: Sequence[Stage]) -> bool:
        """Whether each stride is twice the one before, and the first one 1, 2 or 4."""
        strides = [stage.stride for stage in stages]
        return strides[0] in (1, 2, 4) and all(after == 2 * before for before, after in itertools.pairwise(strides))

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits (B, outputs, H, W).

        Args:
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage.
        """
        if self.empty:
            maps = [x.new_empty((len(x), 0, -(-x.shape[2] // 2), -(-x.shape[3] // 2))), *maps]
        logits: Tensor = self.head(self.decoder([x, *maps]))
        return logits


def decoder_widths(stages: Sequence[Stage]) -> list[int]:
    """The numbers of channels of the decoder's blocks, coarsest first.

    There is one block per doubling of the resolution, up to the input's. A block that ends at stride t has
    min(16 t, 256) channels, but not more than half of those of the stage that it starts from, and at least 8. For
    ResNets these are smp's defaults, 256, 128, 64, 32, 16
    (https://smp.readthedocs.io/en/latest/models.html#unet).
    """
    channels = {stage.stride: stage.channels for stage in stages}
    widths, stride = [], stages[-1].stride // 2
    while stride >= 1:
        source = channels.get(2 * stride, stages[0].channels)
        widths.append(min(16 * stride, 256, max(8, source // 2)))
        stride //= 2
    return widths
