"""The costs of a network as plain data. The file imports no torch, so that making a page needs none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkCost:
    """The costs of a network with its classifier or decoder.

    Attributes:
        columns: the labels of the table's columns that have this network.
        backbone: the name of the backbone for readers.
        image_size: the height and width of its input, in pixels.
        parameters: the number of parameters.
        multiply_adds: the number of multiply-adds in a forward pass of one image.
        seconds: the median time that a forward pass of one image takes, in seconds.
        device: the name of the processor on which the time was measured.
    """

    columns: tuple[str, ...]
    backbone: str
    image_size: int
    parameters: int
    multiply_adds: int
    seconds: float
    device: str
