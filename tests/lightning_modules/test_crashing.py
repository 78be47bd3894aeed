"""A network that torch cannot train in the recipe's memory format here is refused, by the layer's name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lightning_modules.crashing import check_trainable
from lightning_modules.task_module import supervised_module
from specs.card import UNIT
from specs.errors import RunError
from specs.recipe import Recipe
from specs.recipe_parts import Adam
from specs.registry import BACKBONES
from specs.task import Task

CPU, LAST = torch.device("cpu"), torch.channels_last


@pytest.fixture(params=["AVX2", "DEFAULT"])
def without_avx512(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)


def layers(channels: int, kernel: int = 1, stride: int = 2) -> nn.Module:
    return nn.Sequential(nn.ReLU(), nn.Sequential(nn.Conv2d(channels, 8, kernel, stride=stride)))


@pytest.mark.usefixtures("without_avx512")
@pytest.mark.parametrize("channels", range(1, 10))
def test_strided_convolutions_of_one_pixel_with_few_channels_are_refused(channels: int) -> None:
    if channels in (1, 8, 9):
        check_trainable(layers(channels), LAST, CPU)
        return
    with pytest.raises(RunError, match=r"the layer 1\.0 is a strided .* Give --set memory_format=contiguous"):
        check_trainable(layers(channels), LAST, CPU)


@pytest.mark.usefixtures("without_avx512")
def test_other_layers_formats_and_devices_are_not() -> None:
    check_trainable(layers(4, kernel=3), LAST, CPU)
    check_trainable(layers(4, stride=1), LAST, CPU)
    check_trainable(layers(4), torch.contiguous_format, CPU)
    check_trainable(layers(4), LAST, torch.device("cuda"))


def test_processors_with_avx512_train_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    check_trainable(layers(4), LAST, CPU)


@pytest.mark.usefixtures("without_avx512")
def test_a_module_refuses_before_its_first_step() -> None:
    recipe = Recipe(image_size=16, batch_size=4, epochs=1, optimizer=Adam(1e-3), memory_format="channels_last")
    task = Task("binary", ("ill",))
    module = supervised_module(BACKBONES.build("tiny"), task, recipe, UNIT)
    module.on_fit_start()
    module.backbone.network.add_module("shortcut", nn.Conv2d(3, 8, 1, stride=2))
    with pytest.raises(RunError, match=r"the layer backbone\.network\.shortcut"):
        module.on_fit_start()
