"""Batches of images that are neither gray nor RGB: every channel is framed and augmented as a gray image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from datamodules.files.channelwise import plane, several_grays
from datamodules.pipeline.resize_crop import BatchTransform
from datamodules.prepared.storage import Stored

Pixels = NDArray[np.uint8]


class PerChannel:
    """Does to each channel of an image what is done to a gray image, by the same draws; gray and RGB images pass whole.

    All channels are so cropped, turned and bent alike. Steps that change values do what they do to a gray image: a
    color jitter changes brightness and contrast, by the same factors in each channel and about the channel's own mean,
    but no hue and no saturation, and nothing turns gray.

    Args:
        transform: the transform of gray and RGB images, whose draws depend on the seed, the epoch and the image alone.
    """

    def __init__(self, transform: BatchTransform) -> None:
        self._transform = transform

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The images (B, S, S), or (B, S, S, C) of C channels, and the masks (B, S, S) or None."""
        if not several_grays(stored[0].image):
            return self._transform(stored, epoch, numbers)
        made, masks = list[Pixels](), None
        for channel in range(stored[0].image.shape[2]):
            # The masks go with the first channel, since they are the same for all.
            masked = channel == 0
            grays = [one._replace(image=plane(one.image, channel), mask=one.mask if masked else None) for one in stored]
            images, found = self._transform(grays, epoch, numbers)
            made.append(images)
            masks = found if masked else masks
        return np.stack(made, axis=-1), masks
