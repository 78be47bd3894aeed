"""The U-Net decoder of segmentation-models-pytorch over a backbone's stages."""

from __future__ import annotations

from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from specs.errors import UsageError


class UNet(nn.Module):
    """A decoder that gives logits at the input's size from a backbone's feature maps.

    It is the U-Net decoder of segmentation-models-pytorch (smp). smp's encoders are not used, since some of them
    silently load no weights: the decoder sees nothing but feature maps.

    Decoder and head are initialized as in smp's ``Unet`` (``segmentation_models_pytorch/base/initialization.py``, as in
    the benchmark's copy of it, MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1): the decoder's convolutions
    are drawn from He's uniform distribution by their inputs, the head's from Glorot's uniform distribution; biases are
    0, scales of normalization layers 1 and their shifts 0. The draws come from the global random state.

    Args:
        backbone: a backbone that declares the decoder ``unet``.
        dropout: the dropout probability in front of the last convolution.
        outputs: the number of logits of each pixel.

    Raises:
        UsageError: if the backbone's feature maps do not fit a U-Net.
    """

    def __init__(self, backbone: Backbone, dropout: float, outputs: int = 1) -> None:
        super().__init__()
        stages = backbone.stages
        if backbone.decoder != "unet":
            raise UsageError(
                f"no decoder fits this backbone: its stages have strides {[stage.stride for stage in stages]}, and a "
                "U-Net needs each to be twice the one before, at any image size. Choose a ResNet, CBR or tiny backbone."
            )
        # A stem of stride 4 (ConvNeXt) gives no skip connection at stride 2. An empty one takes its place, so that each
        # block of the decoder doubles the resolution.
        self.empty = stages[0].stride == 4
        channels = [0] * self.empty + [stage.channels for stage in stages]
        widths = decoder_widths(stages)
        self.decoder = UnetDecoder([backbone.in_channels, *channels], widths, n_blocks=len(widths))
        self.head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(widths[-1], outputs, 3, padding=1))
        initialize_decoder(self.decoder)
        initialize_head(self.head)

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


def decoder_widths(stages: tuple[Stage, ...]) -> list[int]:
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
