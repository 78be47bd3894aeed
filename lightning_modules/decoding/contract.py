"""The contract that every decoder keeps: logits at the input's size from a backbone's feature maps alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from backbones.networks.contract import Backbone, Stage
from lightning_modules.decoding.levels import has_one_stride


class Decoder(nn.Module):
    """A network that gives logits at the input's size from a backbone's feature maps.

    Decoders are those of segmentation-models-pytorch (smp), initialized as there. smp's encoders are not used, since
    some of them silently load no weights: a decoder sees nothing but feature maps. The global random state draws its
    start.

    Args:
        backbone: a backbone whose stages the decoder fits.

    Attributes:
        takes: what the decoder needs of the stages' feature maps, as the end of a sentence that begins with "takes".
    """

    takes: ClassVar[str]

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        stages = backbone.stages
        self.patch = stages[0].stride if has_one_stride(stages) else None

    @staticmethod
    @abstractmethod
    def fits(stages: Sequence[Stage]) -> bool:
        """Whether the decoder takes the feature maps of these stages."""

    @abstractmethod
    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits (B, outputs, H, W).

        Args:
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage.
        """

    def at_input_size(self, logits: Tensor, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Logits of the input's size, (B, outputs, H, W), resampled bilinearly with aligned corners, as smp does.

        The patches of a plain transformer cover whole multiples of their size. Where that is less than the image, the
        rim at its right and lower side gets the logits of the nearest pixel that a patch covers.

        Args:
            logits: the logits of any size, (B, outputs, h, w).
            x: the network's input (B, C, H, W); only its size is used.
            maps: one feature map per stage; of a plain transformer their size is used.
        """
        height, width = x.shape[2:]
        covered = height, width
        if self.patch is not None:
            covered = maps[0].shape[2] * self.patch, maps[0].shape[3] * self.patch
        logits = F.interpolate(logits, covered, mode="bilinear", align_corners=True)
        if covered == (height, width):
            return logits
        right, below = max(0, width - covered[1]), max(0, height - covered[0])
        return F.pad(logits[..., :height, :width], (0, right, 0, below), mode="replicate")
