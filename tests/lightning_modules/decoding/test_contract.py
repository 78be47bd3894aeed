"""What decoders share: logits at the input's size, where patches cover it and where they do not."""

from __future__ import annotations

import pytest
import torch

from lightning_modules.decoders.dpt import DPT
from lightning_modules.decoders.upernet import UPerNet
from lightning_modules.decoding.contract import Decoder
from tests.backbones.contract import built

RAMP = torch.tensor([0.0, 1.0]).expand(1, 1, 2, 2)
"""Logits that rise by one from the left to the right."""


@pytest.fixture(params=[UPerNet, DPT])
def over_patches(request: pytest.FixtureRequest) -> Decoder:
    """A decoder over patches of 16 pixels."""
    decoder: Decoder = request.param(built('timm("test_vit3", image_size=32)'), dropout=0.0)
    return decoder


def test_a_rim_that_no_patch_covers_gets_the_nearest_logits(over_patches: Decoder) -> None:
    found = over_patches.at_input_size(RAMP, torch.zeros(1, 3, 37, 35), [torch.zeros(1, 96, 2, 2)])
    expected = torch.cat([torch.linspace(0, 1, 32), torch.ones(3)])
    torch.testing.assert_close(found, expected.expand(1, 1, 37, 35))


def test_what_patches_cover_beyond_the_image_is_cut_off(over_patches: Decoder) -> None:
    found = over_patches.at_input_size(RAMP, torch.zeros(1, 3, 32, 30), [torch.zeros(1, 96, 2, 2)])
    torch.testing.assert_close(found, torch.linspace(0, 1, 32)[:30].expand(1, 1, 32, 30))


def test_maps_of_a_pyramid_cover_the_whole_image() -> None:
    found = UPerNet(built("resnet18"), dropout=0.0).at_input_size(RAMP, torch.zeros(1, 3, 33, 35), [])
    torch.testing.assert_close(found, torch.linspace(0, 1, 35).expand(1, 1, 33, 35))
