"""Benchmark, architectures: does the initialization matter alike for every network? (MedIA 2025 extension)."""

from __future__ import annotations

from typing import NamedTuple

from experiments.benchmark_tasks import DATASETS, SEGMENTATION, Profile, columns
from experiments.rendering.figure import Figure
from experiments.resolve import recipe_named
from experiments.table import Column, Row, Table


class Network(NamedTuple):
    """A network of the comparison.

    Attributes:
        label: in the columns.
        backbone: its expression.
        source: an initializer that fits it.
        segments: whether a decoder fits it: its feature maps shrink from stage to stage, at any image size.
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

# timm's smallest networks of each kind; it has no small Swin, so MaxViT stands for attention in windows.
PHANTOM = (
    Network("ResNet", 'timm("test_resnet")', "fractals", True),
    Network("ConvNeXt", 'timm("test_convnext")', "fractals", True),
    Network("MaxViT", 'timm("test_maxvit", image_size=64)', "fractals", False),
    Network("ViT", 'timm("test_vit", image_size=64, patch_size=8)', "fractals", False),
)


def benchmark_architectures(profile: Profile = "phantom") -> Table:
    """Random and pretrained weights for four networks; those that no decoder fits classify only."""
    paper, smoke = profile == "paper", profile == "smoke"
    codes = ("DXC14", "DXC5", "TXC", "LXS", "PXS") if paper else ("LXS",) if smoke else ("TXC", "LXS")
    networks = PAPER if paper else PHANTOM[1:2] if smoke else PHANTOM
    made = []
    for column in columns(profile, codes):
        # Windows and position embeddings are built for one size of images.
        recipe = column.recipe if paper else column.recipe.override({"image_size": "64"})
        made += [
            Column(f"{column.label}, {one.label}", DATASETS[column.label], recipe, None, one.backbone, one.source)
            for one in networks
            if one.segments or column.label not in SEGMENTATION
        ]
    pretraining = recipe_named("phantom/smoke_pretraining" if smoke else "phantom/pretraining")
    return Table(
        title="Initializations of four networks",
        question="Does the initialization matter alike for every architecture?",
        edition="real" if paper else "phantom",
        protocol="paper" if paper else "smoke" if smoke else "small",
        weights="published" if paper else "trained here",
        backbone=networks[0].backbone,
        rows=(Row("Scratch", "random"), Row("ImageNet" if paper else "fractals", "{source}")),
        columns=tuple(made),
        reference="Scratch",
        pretraining=None if paper else pretraining.override({"image_size": "64"}),
        seeds=10 if paper else 2,
        figure=Figure(
            groups=tuple(
                (code, tuple(column.label for column in made if column.label.startswith(f"{code},"))) for code in codes
            )
        ),
    )
