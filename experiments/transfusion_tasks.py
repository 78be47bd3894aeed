"""What the tables and figures of Transfusion share: its networks, its two tasks, and where transferred weights are from."""

from __future__ import annotations

from typing import Literal, NamedTuple

from experiments.resolve import recipe_named
from experiments.table import Column, Row, Table
from specs.recipe import Recipe

Profile = Literal["phantom", "smoke", "paper"]


class Network(NamedTuple):
    """A network of the study.

    Attributes:
        label: as the paper's tables name it.
        backbone: its expression.
        source: an initializer with its transferred weights.
        stages: names, from input to output.
    """

    label: str
    backbone: str
    source: str
    stages: tuple[str, ...]


RESNET = ("conv1", "layer1", "layer2", "layer3", "layer4")
INCEPTION = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")
FOUR, FIVE = RESNET_LIKE = ("conv1", "conv2", "conv3", "conv4"), ("conv1", "conv2", "conv3", "conv4", "conv5")
