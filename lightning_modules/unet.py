"""The U-Net decoder of segmentation-models-pytorch over a backbone's stages."""

from __future__ import annotations

from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from specs.errors import UsageError


class UNet(nn.Module):
    """Logits at the input's size from a backbone's feature maps.

    smp's own encoders, some of which silently load nothing, are not used: its decoder sees feature maps only.

    Decoder and head start as smp's ``Unet`` starts them (``segmentation_models_pytorch/base/initialization.py``, as the
    benchmark's copy of it, MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1): convolutions of the decoder from
    He's uniform distribution by their inputs, that of the head from Glorot's uniform distribution, biases 0,
    normalization layers at scale 1 and shift 0. The draws come from the global random state.

    Args:
        backbone: must declare the decoder ``unet``.
        dropout: probability in front of the last convolution.

    Raises:
        UsageError: if the backbone's feature maps do not fit a U-Net.
    """

    def __init__(self, backbone: Backbone, dropout: float) -> None:
        super().__init__()
        stages = backbone.stages
        if backbone.decoder != "unet":
            raise UsageError(
                f"no decoder fits this backbone: its stages have strides {[stage.stride for stage in stages]}, and a "
                "U-Net needs each to be twice the one before, at any image size. Choose a ResNet, CBR or tiny backbone."
            )
        # Behind a stride-4 stem (ConvNeXt) there is no skip at stride 2; an empty one keeps each block a doubling.
        self.empty = stages[0].stride == 4
        channels = [0] * self.empty + [stage.channels for stage in stages]
        widths = decoder_widths(stages)
        self.decoder = UnetDecoder([backbone.in_channels, *channels], widths, n_blocks=len(widths))
        self.head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(widths[-1], 1, 3, padding=1))
        initialize_decoder(self.decoder)
        initialize_head(self.head)

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits (B, 1, H, W).

        Args:
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage.
        """
        if self.empty:
            maps = [x.new_empty((len(x), 0, -(-x.shape[2] // 2), -(-x.shape[3] // 2))), *maps]
        logits: Tensor = self.head(self.decoder([x, *maps]))
        return logits


def decoder_widths(stages: tuple[Stage, ...]) -> list[int]:
    """Channels of the decoder's blocks, coarsest first: one block per doubling of the resolution, up to the input's.

    A block that reaches stride t has min(16 t, 256) channels, but not more than half of those of the stage that it
    starts from and at least 8. For ResNets these are smp's defaults, 256, 128, 64, 32, 16
    (https://smp.readthedocs.io/en/latest/models.html#unet).
    """
    channels = {stage.stride: stage.channels for stage in stages}
    widths, stride = [], stages[-1].stride // 2
    while stride >= 1:
        source = channels.get(2 * stride, stages[0].channels)
        widths.append(min(16 * stride, 256, max(8, source // 2)))
        stride //= 2
    return widths
