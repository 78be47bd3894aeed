"""Benchmark, architectures: does the initialization matter alike for every network? (MedIA 2025 extension)."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import SEGMENTATION, columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table
from specs.recipe import Recipe


class Network(NamedTuple):
    """One of the networks that are compared.

    Attributes:
        label: the network's name, which follows the task's code in the headings of columns, as in ``LXS, ResNet-50``.
        backbone: the expression of the backbone, such as ``resnet50``.
        source: the expression of an initializer with pretrained weights for this backbone.
        segments: whether it has columns of segmentations too, which are by U-Nets in all of the tables; transformers
            classify only.
    """

    label: str
    backbone: str
    source: str
    segments: bool


PAPER = (
    Network("ResNet-50", "resnet50", "imagenet", True),
    Network("ConvNeXt-T", 'timm("convnext_tiny")', 'timm("convnext_tiny.fb_in1k")', True),
    Network("Swin-T", 'timm("swin_tiny_patch4_window7_224")', 'timm("swin_tiny_patch4_window7_224.ms_in1k")', False),
    Network("DeiT-S", 'timm("deit_small_patch16_224")', 'timm("deit_small_patch16_224.fb_in1k")', False),
)

# timm's smallest network of each kind. It has no small Swin, so MaxViT stands for networks with attention in windows.
PHANTOM = (
    Network("ResNet", 'timm("test_resnet")', "fractals", True),
    Network("ConvNeXt", 'timm("test_convnext")', "fractals", True),
    Network("MaxViT", 'timm("test_maxvit", image_size=64)', "fractals", False),
    Network("ViT", 'timm("test_vit", image_size=64, patch_size=8)', "fractals", False),
)

NETWORKS: dict[Profile, tuple[Network, ...]] = {"phantom": PHANTOM, "smoke": PHANTOM[1:2], "paper": PAPER}

TASKS: dict[Profile, tuple[str, ...]] = {
    "phantom": ("TXC", "LXS"),
    "smoke": ("LXS",),
    "paper": ("DXC14", "DXC5", "TXC", "LXS", "PXS"),
}

SEEDS: dict[Profile, int] = {"phantom": 2, "smoke": 2, "paper": 10}

SIZE: dict[Profile, str | None] = {"phantom": "64", "smoke": "64", "paper": None}
"""Height and width of the images in pixels, since attention windows and position embeddings are built for one size.

None: the size that each recipe names.
"""


def architectures(profile: Profile = "phantom") -> Table:
    """Random and pretrained weights of four networks; segmentation tasks take the convolutional ones alone."""
    preset, networks, codes = PROFILES[profile], NETWORKS[profile], TASKS[profile]
    made = tuple(
        dataclasses.replace(
            column,
            label=f"{column.label}, {one.label}",
            recipe=_sized(column.recipe, profile),
            backbone=one.backbone,
            source=one.source,
        )
        for column in columns(profile, codes)
        for one in networks
        if one.segments or column.label not in SEGMENTATION
    )
    shared = preset.shared()
    return Table(
        title="Initializations of four networks",
        question="Does the initialization matter alike for every architecture?",
        rows=(Row("Scratch", "random"), Row(preset.natural_label, "{source}")),
        columns=made,
        reference="Scratch",
        figure=Figure(
            groups=tuple(
                (code, tuple(column.label for column in made if column.label.startswith(f"{code},"))) for code in codes
            )
        ),
        **shared
        | {
            "backbone": networks[0].backbone,
            "pretraining": shared["pretraining"] and _sized(shared["pretraining"], profile),
            "seeds": SEEDS[profile],
        },
    )


def _sized(recipe: Recipe, profile: Profile) -> Recipe:
    """The recipe with the image size of the profile, if the profile has one."""
    size = SIZE[profile]
    return recipe if size is None else recipe.override({"image_size": size})
