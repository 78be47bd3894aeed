"""What the tables and figures of Transfusion share: its networks and its two tasks (Raghu et al. 2019, sections 2, 3).

The paper's fundus photographs (RETINA) are not published; EyePACS stands in for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from experiments.rendering.figure import Figure
from experiments.resolve import recipe_named
from experiments.table import Column, Row, Table
from specs.recipe import Recipe
from specs.run import Edition

Profile = Literal["phantom", "smoke", "paper"]

THRESHOLD = {"paper": 0.91, "phantom": 0.9, "smoke": 0.6}
"""Validation AUC that convergence is counted to; the paper's is that of its figure 7."""

RANDOM, TRANSFER = "random", "transfer"
"""Labels of the two rows that most tables have."""


class Network(NamedTuple):
    """A network of the study.

    Attributes:
        label: as the paper's tables name it.
        backbone: its expression.
        source: an initializer with its transferred weights.
        stages: their names, from input to output.
        slim: the same with its last two stages half as wide; None where the study has none.
    """

    label: str
    backbone: str
    source: str
    stages: tuple[str, ...]
    slim: str | None = None

    def column(self, label: str, dataset: str, recipe: Recipe, measure: str | None = None) -> Column:
        """A task for this network."""
        return Column(label, dataset, recipe, None, self.backbone, self.source, measure, self.slim)


RESNET = ("conv1", "layer1", "layer2", "layer3", "layer4")
INCEPTION = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")
CBR = ("conv1", "conv2", "conv3", "conv4", "conv5")
VARIANTS = {"LargeT": ("large_t", 5, 8), "LargeW": ("large_w", 4, 16), "Small": ("small", 4, 8), "Tiny": ("tiny", 4, 8)}
"""By the paper's name: the backbone's variant, how many convolutions it has, and the phantom profile's width."""

PRETRAINED = 'supervised(on="imagenet", recipe="supervised/imagenet")'
"""Nobody has published weights of the CBR networks, so they are pretrained here, as the paper's authors did."""


def networks(profile: Profile) -> tuple[Network, ...]:
    """The paper's six networks; of the phantom profile five, as narrow as a laptop's CPU asks for."""
    paper = profile == "paper"
    large = (
        Network("ResNet-50", "resnet50", "imagenet", RESNET, "resnet50_slim"),
        Network("Inception-v3", "inception_v3", 'timm("inception_v3.tv_in1k")', INCEPTION),
    )
    small = []
    for name, (variant, depth, width) in VARIANTS.items():
        inside = f'"{variant}"' if paper else f'"{variant}", width={width}'
        source = PRETRAINED if paper else "fractals"
        small.append(Network(f"CBR-{name}", f"cbr({inside})", source, CBR[:depth], f"cbr({inside}, slim=True)"))
    found = (
        (*large, *small)
        if paper
        else (Network("ResNet", "tiny(width=8)", "fractals", RESNET[:4], "tiny(width=8, slim=True)"), *small)
    )
    return (found[0], found[3]) if profile == "smoke" else found


def network(profile: Profile, label: str) -> Network:
    """The one of that name; ``ResNet`` is the paper's ResNet-50."""
    (found,) = (one for one in networks(profile) if one.label in (label, "ResNet-50" if label == "ResNet" else label))
    return found


def some(profile: Profile, *labels: str) -> list[Network]:
    """Those of that name; of the smoke profile the first alone."""
    return [network(profile, label) for label in (labels[:1] if profile == "smoke" else labels)]


def retina(profile: Profile, small: bool = False) -> Recipe:
    """How fundus photographs are trained on; ``small``: 5,000 of them or less."""
    if profile == "smoke":
        return recipe_named("transfusion/smoke")
    name = "retina_small" if small else "retina"
    return recipe_named(f"transfusion/{name}" if profile == "paper" else f"transfusion/phantom_{name}")


def few(profile: Profile) -> str:
    """About 5,000 of EyePACS' 31,600 training photographs; of the phantom edition 36 of 144."""
    return f"eyepacs(fraction={0.158 if profile == 'paper' else 0.25})"


def chest(profile: Profile) -> Recipe:
    """How chest x-rays are trained on."""
    name = {"paper": "chest", "phantom": "phantom_chest", "smoke": "smoke_chest"}[profile]
    return recipe_named(f"transfusion/{name}")


def shared(profile: Profile, seeds: int = 3) -> dict[str, Any]:
    """What every table of the study says alike.

    Args:
        profile: of the table.
        seeds: runs per cell in the phantom profile; the paper's is three (its section 2, "three repetitions").
    """
    paper, smoke = profile == "paper", profile == "smoke"
    edition: Edition = "real" if paper else "phantom"
    pretraining = "phantom/smoke_pretraining" if smoke else "phantom/pretraining"
    return {
        "edition": edition,
        "protocol": "paper" if paper else "smoke" if smoke else "small",
        "weights": "published for ResNet-50 and Inception-v3, trained here for CBR" if paper else "trained here",
        "pretraining": None if paper else recipe_named(pretraining),
        "seeds": 2 if smoke else 3 if paper else seeds,
        "transposed": True,
    }


def random_and_transfer(profile: Profile, of: Sequence[Network], *, seeds: int = 3, **more: Any) -> Table:
    """A table of two rows, random and transferred weights, with a column for each network on fundus photographs.

    Args:
        profile: of the table.
        of: the networks.
        seeds: as in ``shared``.
        more: what the table says besides, or otherwise.
    """
    plain: dict[str, Any] = {
        "title": "",
        "question": "",
        "backbone": of[0].backbone,
        "rows": (Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        "columns": tuple(one.column(one.label, "eyepacs", retina(profile)) for one in of),
        "reference": RANDOM,
    }
    return Table(**plain | shared(profile, seeds) | more)


def along_stages(
    profile: Profile,
    of: Sequence[Network],
    measure: str,
    *,
    title: str,
    question: str,
    directions: tuple[str, str],
    seeds: int = 3,
    on_chest: bool = False,
) -> Table:
    """A table of the same two rows with a column for each stage of each network, which holds a measure of the stage.

    Args:
        profile: of the table.
        of: the networks; each is a panel of the drawing.
        measure: its name.
        title: of the table.
        question: that it answers.
        directions: what a higher and a lower number are called.
        seeds: as in ``shared``.
        on_chest: whether chest x-rays are learned, and not fundus photographs.
    """
    dataset, recipe = ('chexpert(uncertain="ignore")', chest(profile)) if on_chest else ("eyepacs", retina(profile))
    groups = tuple((one.label, tuple(f"{one.label} {stage}" for stage in one.stages)) for one in of)
    return random_and_transfer(
        profile,
        of,
        seeds=seeds,
        title=title,
        question=question,
        columns=tuple(
            one.column(f"{one.label} {stage}", dataset, recipe, f"{measure}:{stage}")
            for one in of
            for stage in one.stages
        ),
        figure=Figure(groups=groups, along=True),
        directions=directions,
    )
