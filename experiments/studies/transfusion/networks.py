"""The networks of Transfusion: two large ones, and the CBR family (Raghu et al. 2019, section 3 and appendix)."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

from experiments.tables.preset import Profile
from experiments.tables.table import Column
from specs.recipe import Recipe


class Network(NamedTuple):
    """A network of the study.

    Attributes:
        label: the network's name in the paper's tables.
        backbone: the expression of the backbone, such as ``resnet50``.
        source: the expression of an initializer with transferred weights for this network.
        stages: the names of the stages, from input to output.
        slim: the expression of the network with its last two stages half as wide; None where the study has no such
            form.
        normalization: the input normalization for all initializations of this network; None: the recipe's own.
    """

    label: str
    backbone: str
    source: str
    stages: tuple[str, ...]
    slim: str | None = None
    normalization: Literal["inception"] | None = None

    def column(
        self, label: str, dataset: str, recipe: Recipe, measure: str | None = None, score: str | None = None
    ) -> Column:
        """A column of a table in which this network is trained on a task.

        Args:
            label: the heading of the column.
            dataset: the dataset expression of the task.
            recipe: the recipe of the fine-tuning, whose normalization this network may replace by its own.
            measure: the measure that the cells hold, such as ``similarity:conv1``; None: a test score.
            score: the name of the test score that the cells hold; None: the main score of the task.
        """
        return Column(
            label,
            dataset,
            dataclasses.replace(recipe, normalization=self.normalization or recipe.normalization),
            backbone=self.backbone,
            source=self.source,
            measure=measure,
            slim=self.slim,
            score=score,
        )


RESNET = ("conv1", "layer1", "layer2", "layer3", "layer4")
INCEPTION = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")
CBR = ("conv1", "conv2", "conv3", "conv4", "conv5")

PRETRAINED = 'supervised(on="imagenet", recipe="supervised/imagenet")'
"""The initializer of the CBR networks, of which no weights are published, so that they are pretrained here."""


def _cbr(name: str, arguments: str, source: str, depth: int = 4) -> Network:
    """A network of the CBR family: its name in the paper, its backbone's arguments, how many convolutions it has."""
    return Network(f"CBR-{name}", f"cbr({arguments})", source, CBR[:depth], f"cbr({arguments}, slim=True)")


PAPER = (
    Network("ResNet-50", "resnet50", "imagenet", RESNET, "resnet50_slim"),
    # TF-Slim chooses the preprocessing by the network, whatever the weights: https://github.com/tensorflow/models,
    # research/slim, preprocessing/preprocessing_factory.py. That the paper did so is *assumed*, since it does not say
    # it.
    Network("Inception-v3", "inception_v3", 'timm("inception_v3.tv_in1k")', INCEPTION, normalization="inception"),
    _cbr("LargeT", '"large_t"', PRETRAINED, depth=5),
    _cbr("LargeW", '"large_w"', PRETRAINED),
    _cbr("Small", '"small"', PRETRAINED),
    _cbr("Tiny", '"tiny"', PRETRAINED),
)

# Narrow enough for a laptop's CPU, for which an Inception network is too large.
PHANTOM = (
    Network("ResNet", "tiny(width=8)", "fractals", RESNET[:4], "tiny(width=8, slim=True)"),
    _cbr("LargeT", '"large_t", width=8', "fractals", depth=5),
    _cbr("LargeW", '"large_w", width=16', "fractals"),
    _cbr("Small", '"small", width=8', "fractals"),
    _cbr("Tiny", '"tiny", width=8', "fractals"),
)

NETWORKS: dict[Profile, tuple[Network, ...]] = {
    "phantom": PHANTOM,
    "smoke": tuple(one for one in PHANTOM if one.label in ("ResNet", "CBR-Small")),
    "paper": PAPER,
}


def networks(profile: Profile, *, without: str | None = None) -> tuple[Network, ...]:
    """All networks of a profile, except the one with the label ``without``."""
    return tuple(one for one in NETWORKS[profile] if one.label != without)


def network(profile: Profile, label: str) -> Network:
    """The network of a profile with a label, where ``ResNet`` stands for ResNet-50 too."""
    (found,) = (one for one in NETWORKS[profile] if label in (one.label, one.label.removesuffix("-50")))
    return found


def some(profile: Profile, *labels: str) -> tuple[Network, ...]:
    """The networks of a profile with these labels; in the smoke profile the first of them alone."""
    return tuple(network(profile, label) for label in (labels[:1] if profile == "smoke" else labels))
