"""Small maps of depthwise and pointwise convolutions: the same numbers as torch's convolution, by other means."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lightning_modules.small_maps import (
    LARGEST,
    LARGEST_POINTWISE,
    SmallMapDepthwise,
    SmallMapPointwise,
    with_small_maps,
    without_small_maps,
)


def depthwise(kernel: int | tuple[int, int], bias: bool = True) -> nn.Sequential:
    padding = kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(nn.Conv2d(6, 6, kernel, padding=padding, groups=6, bias=bias)).double()


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 2), (3, 3), (3, 2), (4, 4), (7, 5), (9, 8)])
@pytest.mark.parametrize("kernel", [0, 1, 3, 5, (3, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_and_gradients_are_those_of_the_convolution(
    size: tuple[int, int], kernel: int | tuple[int, int], bias: bool
) -> None:
    pointwise = kernel == 0
    layer = nn.Sequential(nn.Conv2d(6, 10, 1, bias=bias)).double() if pointwise else depthwise(kernel, bias)
    found = []
    images = torch.randn(4, 6, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for change in (without_small_maps, with_small_maps):
        change(layer)
        seen = images.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
        made = layer(seen)
        made.square().sum().backward()
        found.append([made.detach(), seen.grad, *[one.grad.clone() for one in layer.parameters()]])
        layer.zero_grad()
    assert type(layer[0]) is (SmallMapPointwise if pointwise else SmallMapDepthwise)
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_only_small_maps_are_computed_by_other_means(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, asked = depthwise(3), []
    with_small_maps(layer)
    monkeypatch.setattr(nn.Conv2d, "_conv_forward", lambda self, images, *_: asked.append(images.shape[2:]) or images)
    for side in (1, 2, 3, 4):
        layer(torch.zeros(1, 6, side, side, dtype=torch.float64))
    assert asked == [(4, 4)] and LARGEST == 9
    layer = nn.Sequential(nn.Conv2d(6, 6, 1)).double()
    with_small_maps(layer)
    for side in (8, 9):
        layer(torch.zeros(1, 6, side, side, dtype=torch.float64))
    assert asked == [(4, 4), (9, 9)] and LARGEST_POINTWISE == 64


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 6, 3, padding=1),
        nn.Conv2d(6, 6, 3, padding=1, groups=3),
        nn.Conv2d(6, 12, 3, padding=1, groups=6),
        nn.Conv2d(1, 1, 3, padding=1),
        nn.Conv2d(6, 6, 1, stride=2),
        nn.Conv2d(6, 6, 1, padding=1),
        nn.Conv2d(6, 6, 1, groups=2),
        nn.Conv2d(6, 6, 3, padding=1, groups=6, stride=2),
        nn.Conv2d(6, 6, 3, padding=2, groups=6, dilation=2),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.Conv2d(6, 6, 3, padding="same", groups=6),
        nn.Conv2d(6, 6, 3, padding=1, groups=6, padding_mode="circular"),
    ],
)
def test_other_convolutions_stay_as_they_are(layer: nn.Conv2d) -> None:
    with_small_maps(layer)
    assert type(layer) is nn.Conv2d


def test_names_of_parameters_stay_and_the_way_back_gives_the_first_network() -> None:
    layer = depthwise(3)
    names = list(layer.state_dict())
    with_small_maps(layer)
    assert list(layer.state_dict()) == names
    without_small_maps(layer)
    assert type(layer[0]) is nn.Conv2d
