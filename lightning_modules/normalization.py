"""Normalization: from stored pixels to the network's input, on the device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from specs.card import Normalization
from specs.errors import UsageError


class InputNormalization(nn.Module):
    """A layer that maps uint8 pixels to normalized floats with as many channels as the backbone takes.

    A gray image is repeated over the backbone's channels. If statistics are given per channel and the backbone takes
    another number of channels, their means over the channels are used for each: ImageNet's for red, green and blue
    say nothing of the first sequences of an MRI.

    Args:
        normalization: the mean and standard deviation on the [0, 1] scale.
        in_channels: the number of channels that the backbone takes.
        memory_format: the memory format of the output.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        normalization: Normalization,
        in_channels: int,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        super().__init__()
        self.in_channels, self.memory_format = in_channels, memory_format
        for name, values in (("mean", normalization.mean), ("std", normalization.std)):
            given = torch.tensor(values, dtype=torch.float32)
            if len(given) not in (1, in_channels):
                given = given.mean(dim=0, keepdim=True)
            self.register_buffer(name, given.view(1, -1, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Normalize (B, C, H, W) uint8 to (B, in_channels, H, W) float32.

        Raises:
            UsageError: if the images are not uint8, or have more channels than the backbone takes.
        """
        if image.dtype != torch.uint8:
            raise UsageError(
                f"the images are {image.dtype}; expected torch.uint8 with pixels in 0..255, which are scaled and "
                "normalized here. Give them as they are stored: without ToTensor, Normalize or a division by 255 "
                "before (pixels in [0, 1]: image.mul(255).round().to(torch.uint8))."
            )
        if image.shape[1] not in (1, self.in_channels):
            raise UsageError(
                f"the images have {image.shape[1]} channels and the backbone takes {self.in_channels}. "
                f"Build it with in_channels={image.shape[1]}."
            )
        # The order of operations is that of torchvision's ToTensor and Normalize, so that every bit agrees with theirs.
        scaled = image.float().div_(255).expand(-1, self.in_channels, -1, -1)
        return (scaled - self.mean).div_(self.std).contiguous(memory_format=self.memory_format)
