"""The memory format that ``auto`` stands for is a rule by the network's layers, and never one that is then refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lightning_modules.crashing import FEWEST, MOST, check_trainable
from lightning_modules.memory_formats import chosen_format, with_memory_format
from lightning_modules.task_module import supervised_module
from specs.card import UNIT
from specs.recipe import Recipe
from specs.recipe_parts import Adam
from specs.registry import BACKBONES
from specs.task import Task

RECIPE = Recipe(image_size=16, batch_size=4, epochs=1, optimizer=Adam(1e-3), memory_format="auto")


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Conv2d(8, 8, 3, groups=8), "channels_last_small"),
        (nn.Conv2d(8, 16, 3, groups=8), "channels_last_small"),  # two filters a channel
        (nn.Conv2d(8, 8, 3), "contiguous"),
        (nn.Conv2d(8, 8, 3, groups=4), "contiguous"),  # groups of two channels
        (nn.Conv2d(1, 8, 3), "contiguous"),  # every convolution of one channel has one group
        (nn.Conv1d(8, 8, 3, groups=8), "contiguous"),
        (nn.Linear(8, 8), "contiguous"),
    ],
)
def test_depthwise_convolutions_are_trained_pixel_by_pixel(layer: nn.Module, expected: str) -> None:
    assert chosen_format(nn.Sequential(nn.ReLU(), nn.Sequential(layer))) == expected


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("efficientnet_lite0", "channels_last_small"),
        ('timm("mobilenetv2_050")', "channels_last_small"),
        ("resnet18", "contiguous"),
        ("tiny", "contiguous"),
    ],
)
def test_networks_that_people_use(backbone: str, expected: str) -> None:
    with torch.device("meta"):
        assert chosen_format(BACKBONES.build(backbone)) == expected


@pytest.mark.parametrize("channels", [FEWEST, MOST])
def test_it_never_chooses_what_a_processor_then_refuses(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    network = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(channels, 8, 1, stride=2))
    assert chosen_format(network) == "contiguous"
    chosen = with_memory_format(RECIPE, network).memory_format
    check_trainable(network, {"contiguous": torch.contiguous_format}[chosen], torch.device("cpu"))


def test_a_module_of_such_a_recipe_names_the_format_and_brings_weights_into_it() -> None:
    module = supervised_module(BACKBONES.build('timm("mobilenetv2_050")'), Task("binary", ("ill",)), RECIPE, UNIT)
    assert module.recipe.memory_format == "channels_last_small"
    assert module.backbone.network.conv_stem.weight.is_contiguous(memory_format=torch.channels_last)  # type: ignore[union-attr, operator]
    explicit = with_memory_format(Recipe(image_size=16, batch_size=4, epochs=1, optimizer=Adam(1e-3)), module.backbone)
    assert explicit.memory_format == "contiguous"
