"""Which feature maps decoders take, and at what sizes, by numbers from the papers' code."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from backbones.networks.contract import Stage
from lightning_modules.decoding.levels import Levels, doublings, evenly, has_one_stride, scaling


def stages(*strides: int, channels: int = 4) -> list[Stage]:
    return [Stage(f"stage{number}", channels, stride, ()) for number, stride in enumerate(strides)]


def maps(*sizes: int, channels: int = 4) -> list[torch.Tensor]:
    return [torch.randn(2, channels, size, size) for size in sizes]


def test_blocks_are_taken_as_dpt_takes_those_of_vit_b_and_vit_l() -> None:
    assert evenly(12) == (2, 5, 8, 11)
    assert evenly(24) == (5, 11, 17, 23)


@pytest.mark.parametrize("count", range(1, 40))
def test_blocks_are_as_evenly_spaced_as_can_be_and_the_last_is_among_them(count: int) -> None:
    taken = evenly(count)
    gaps = [after - before for before, after in zip((-1, *taken), taken, strict=False)]
    assert taken[-1] == count - 1
    assert max(gaps) - min(gaps) <= 1


def test_patches_of_each_size_are_brought_next_to_a_stride_of_four() -> None:
    assert {size: doublings(size) for size in (1, 2, 4, 8, 14, 16, 32)} == {1: 0, 2: 0, 4: 0, 8: 1, 14: 2, 16: 2, 32: 3}


def test_a_map_is_doubled_as_in_beits_code() -> None:
    assert [type(layer) for layer in scaling(4, 2)] == [nn.ConvTranspose2d, nn.BatchNorm2d, nn.GELU, nn.ConvTranspose2d]
    assert [type(layer) for layer in scaling(4, 1)] == [nn.ConvTranspose2d]
    assert list(scaling(4, 0)) == []
    pooled = scaling(1, -1)(torch.arange(9.0).view(1, 1, 3, 3))
    assert pooled.tolist() == [[[[4, 5], [7, 8]]]]  # the last row and column have windows of their own


@pytest.mark.parametrize(
    ("patch", "grid", "sizes"),
    [
        (16, 6, [24, 12, 6, 3]), (14, 5, [20, 10, 5, 3]), (8, 6, [12, 6, 3, 2]), (4, 9, [9, 5, 3, 2]),
        (8, 1, [2, 1, 1, 1]),
    ],
)  # fmt: skip
def test_maps_of_one_stride_become_a_pyramid(patch: int, grid: int, sizes: list[int]) -> None:
    plain = stages(*[patch] * 12)
    assert has_one_stride(plain)
    found = Levels(plain)
    assert found.numbers == (2, 5, 8, 11)
    assert [value.shape for value in found(maps(*[grid] * 12))] == [(2, 4, size, size) for size in sizes]


@pytest.mark.parametrize(
    ("strides", "taken"),
    [
        ((2, 4, 8, 16, 32), (1, 2, 3, 4)),  # a ResNet's
        ((1, 2, 4, 8), (0, 1, 2, 3)),
        ((2, 4, 8), (0, 1, 2)),
        ((4, 8, 8, 16, 16), (0, 2, 4)),  # the last at each stride
    ],
)
def test_of_a_pyramid_the_last_maps_of_the_coarsest_strides_are_taken_as_they_are(
    strides: tuple[int, ...], taken: tuple[int, ...]
) -> None:
    pyramid, given = stages(*strides), maps(*[64 // stride for stride in strides])
    assert not has_one_stride(pyramid)
    found = Levels(pyramid)(given)
    assert [next(number for number, value in enumerate(given) if value is one) for one in found] == list(taken)
