"""The decoder of a U-Net (Ronneberger et al. 2015, arXiv 1505.04597) over a backbone's feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from segmentation_models_pytorch.base.initialization import initialize_decoder  # type: ignore[import-untyped]
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder  # type: ignore[import-untyped]
from torch import Tensor, nn

from backbones.contract import Stage

NARROWEST, WIDEST = 16, 256


def decoder_width(stride: int, skip_channels: int | None) -> int:
    """The channels of a decoder block whose output has the given stride.

    At most 16 per pixel of stride and 256 (the widths 256, 128, 64, 32, 16 at strides 16 to 1 are
    segmentation_models_pytorch's defaults), and no more than half of the skip's channels, so that a narrow backbone has
    a narrow decoder; at least 16. A ResNet-50 gets exactly the defaults.
    """
    widest = min(NARROWEST * stride, WIDEST)
    return widest if skip_channels is None else min(widest, max(NARROWEST, skip_channels // 2))


class UNet(nn.Module):
    """segmentation_models_pytorch's U-Net decoder, fed with the stages of one of our backbones.

    There is one skip per resolution: the deepest feature map of each stride. A first stage of stride 1 is a skip at the
    input's own size; from stride 2 or 4 the decoder doubles the size without a skip until the input's size is reached.

    Args:
        stages: of the backbone, strides powers of two, growing.

    Attributes:
        width: channels of the output.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        super().__init__()
        deepest = {stage.stride: number for number, stage in enumerate(stages)}
        self.chosen = sorted(deepest.values())
        skips = {stage.stride: stage.channels for stage in (stages[number] for number in self.chosen)}
        bottom, first = max(skips), min(skips)
        self.without_skip = [2**power for power in range(1, first.bit_length() - 1)]  # strides between input and first
        strides = sorted(({1, *self.without_skip, *skips}) - {bottom}, reverse=True)
        widths = [decoder_width(stride, skips.get(stride)) for stride in strides]
        self.width = widths[-1]
        self.decoder = UnetDecoder(
            encoder_channels=(0, *(0 for _ in self.without_skip), *skips.values()),
            decoder_channels=widths,
            n_blocks=len(widths),
        )
        initialize_decoder(self.decoder)

    def forward(self, image: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Decode the feature maps of an image.

        Args:
            image: (B, C, H, W); only its size is used.
            maps: one per stage, as ``Backbone.features`` returns them.

        Returns:
            (B, width, H, W).
        """
        size = image.shape[-2:]
        empty = [  # the decoder takes the sizes to go through from maps; these carry no channels
            image.new_empty(len(image), 0, *(-(-length // stride) for length in size))
            for stride in (1, *self.without_skip)
        ]
        decoded: Tensor = self.decoder([*empty, *(maps[number] for number in self.chosen)])
        if decoded.shape[-2:] != size:  # a first stage of stride 1 that trims its borders
            decoded = F.interpolate(decoded, size=size, mode="bilinear", align_corners=False)
        return decoded
