"""From the pixels of a data set to the input that a backbone expects."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from specs.card import Normalization
from specs.errors import UsageError


class Normalize(nn.Module):
    """Maps uint8 images to normalized float32 input, on the images' device: (pixel / 255 - mean) / std.

    A grayscale image serves every input channel. Of a normalization with several values, a backbone with one input
    channel takes the average of the means and of the standard deviations, since no one channel's values are its own.
    It has no parameters, and nothing of it enters the state dict.

    Args:
        normalization: the input statistics on the [0, 1] scale.
        in_channels: of the backbone.

    Raises:
        UsageError: if the normalization has neither one value nor one per input channel.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, normalization: Normalization, in_channels: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        mean = _per_channel("mean", normalization.mean, in_channels)
        std = _per_channel("std", normalization.std, in_channels)
        self.register_buffer("scale", (1 / (255 * std)).float(), persistent=False)
        self.register_buffer("shift", (-mean / std).float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Normalize a batch.

        Args:
            image: (B, C, H, W), uint8 in 0..255, C is 1 or the backbone's number of input channels.

        Returns:
            (B, in_channels, H, W), float32.

        Raises:
            UsageError: if the backbone cannot take the images' channels.
        """
        channels = image.shape[1]
        if channels not in (1, self.in_channels):
            raise UsageError(
                f"the images have {channels} channels and the backbone takes {self.in_channels}. Expected grayscale "
                f"images or as many channels as the backbone; choose a backbone with in_channels={channels}."
            )
        return torch.addcmul(self.shift, image.to(self.scale.dtype), self.scale)  # a gray channel broadcasts


def _per_channel(name: str, values: tuple[float, ...], channels: int) -> Tensor:
    """(1, channels, 1, 1), float64."""
    given = torch.tensor(values, dtype=torch.float64)
    if channels == 1:
        given = given.mean(dim=0, keepdim=True)
    if len(given) not in (1, channels):
        raise UsageError(
            f"a normalization's {name} must have 1 or {channels} values for a backbone with {channels} input "
            f"channels, found {len(given)}: {values}. Give one value, or one for each channel."
        )
    return given.expand(channels).reshape(1, channels, 1, 1)
