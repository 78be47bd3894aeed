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
        label: as the paper's tables name it.
        backbone: its expression.
        source: an initializer with its transferred weights.
        stages: their names, from input to output.
        slim: the same with its last two stages half as wide; None where the study has none.
        normalization: instead of the recipe's, for all initializations of this network.
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
        """A task for this network, of which a measure or another score than the task's own may be shown."""
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
"""Nobody has published weights of the CBR networks, so they are pretrained here, as the paper's authors did."""


def _cbr(name: str, arguments: str, source: str, depth: int = 4) -> Network:
    """A network of the CBR family: its name in the paper, its backbone's arguments, how many convolutions it has."""
    return Network(f"CBR-{name}", f"cbr({arguments})", source, CBR[:depth], f"cbr({arguments}, slim=True)")


PAPER = (
    Network("ResNet-50", "resnet50", "imagenet", RESNET, "resnet50_slim"),
    # TF-Slim preprocesses by network, whatever the weights: https://github.com/tensorflow/models, research/slim,
    # preprocessing/preprocessing_factory.py. *Assumed* of the paper, which does not say it.
    Network("Inception-v3", "inception_v3", 'timm("inception_v3.tv_in1k")', INCEPTION, normalization="inception"),
    _cbr("LargeT", '"large_t"', PRETRAINED, depth=5),
    _cbr("LargeW", '"large_w"', PRETRAINED),
    _cbr("Small", '"small"', PRETRAINED),
    _cbr("Tiny", '"tiny"', PRETRAINED),
)

# As narrow as a laptop's CPU asks for; an Inception is too large for it.
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
    """All networks of a profile, but for the one of the label ``without``."""
    return tuple(one for one in NETWORKS[profile] if one.label != without)


def network(profile: Profile, label: str) -> Network:
    """The one of that label; ``ResNet`` is the paper's ResNet-50."""
    (found,) = (one for one in NETWORKS[profile] if label in (one.label, one.label.removesuffix("-50")))
    return found


def some(profile: Profile, *labels: str) -> tuple[Network, ...]:
    """Those of these labels; of the smoke profile the first alone."""
    return tuple(network(profile, label) for label in (labels[:1] if profile == "smoke" else labels))
