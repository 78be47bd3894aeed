"""Networks without values have the names, shapes and kinds of those with values."""

from __future__ import annotations

import pytest
import torch
from torch.nn.init import normal_

from backbones.networks.skeletons import skeleton
from specs.registry import BACKBONES


@pytest.mark.parametrize("architecture", ["tiny(width=8)", 'timm("test_vit")', 'timm("test_efficientnet")'])
def test_a_skeleton_has_all_of_a_network_but_its_values(architecture: str) -> None:
    found, expected = skeleton(architecture).network, BACKBONES.build(architecture).network
    assert found is skeleton(architecture).network
    assert list(found.state_dict()) == list(expected.state_dict())
    for tensor, full in zip(found.state_dict().values(), expected.state_dict().values(), strict=True):
        assert (tensor.device.type, tensor.shape, tensor.dtype) == ("meta", full.shape, full.dtype)
    assert isinstance(found, type(expected))


def test_values_are_drawn_again_once_a_skeleton_is_built() -> None:
    skeleton("tiny(width=8)")
    assert normal_(torch.zeros(9)).abs().max() > 0
    assert torch.zeros(2).add_(1).sum() == 2
