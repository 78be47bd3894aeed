"""Resizing images and masks to a square, as the two studies' code does it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datamodules.files.channelwise import channelwise
from specs.recipe import Resampling

Pixels = NDArray[np.uint8]


Size = int | tuple[int, int]
"""Height and width in pixels; a number is both."""


def resize(image: Pixels, size: Size, method: Resampling) -> Pixels:
    """Resize an image, whatever its aspect ratio is.

    Of neither one nor three channels, each is resized as a gray image: Pillow would take the last one of two or four
    for transparency, and weigh the others by it.

    Args:
        image: the pixels, (H, W), or (H, W, C) of C channels, uint8.
        size: height and width of the result, in pixels; a number is both.
        method: the way of resampling: ``antialiased`` is Pillow's bilinear filter, which averages over the area that a
            pixel covers where the image shrinks
            (https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters; torchvision's ``Resize`` on Pillow
            images, the benchmark's classification); ``bilinear`` weighs four pixels and ``nearest`` takes one (OpenCV's
            INTER_LINEAR and INTER_NEAREST; the benchmark's segmentation).
    """
    height, width = _both(size)
    if image.shape[:2] == (height, width):
        return image
    if method == "antialiased":
        return channelwise(lambda part: _antialiased(part, height, width), image)
    interpolation = cv2.INTER_LINEAR if method == "bilinear" else cv2.INTER_NEAREST
    return channelwise(lambda part: np.asarray(cv2.resize(part, (width, height), interpolation=interpolation)), image)


def _antialiased(image: Pixels, height: int, width: int) -> Pixels:
    """A gray or RGB image at another size by Pillow's bilinear filter."""
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def resize_mask(mask: Pixels, size: Size, method: Resampling) -> Pixels:
    """A mask (H, W) of numbers of classes at another size.

    With ``nearest``, a pixel takes the number of one pixel; else it is what covers the most of it, and of a mask in
    {0, 1} foreground is what covers half or more.
    """
    if mask.shape == _both(size):
        return mask
    if mask.max(initial=0) <= 1:
        cut: Pixels = (resize(mask * np.uint8(255), size, method) > 127).astype(np.uint8)
        return cut
    if method == "nearest":
        return resize(mask, size, method)
    numbers = np.unique(mask)[::-1]  # of two that cover the same, the higher number, and never the background
    covered = np.stack([resize((mask == number) * np.uint8(255), size, method) for number in numbers])
    most: Pixels = numbers[covered.argmax(axis=0)]
    return most


def _both(size: Size) -> tuple[int, int]:
    """Height and width."""
    return (size, size) if isinstance(size, int) else size
