"""The tiny backbone's shortcut is the strided convolution that it stands for, and trains where that one crashes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from backbones.tiny import tiny


@pytest.mark.parametrize("size", [(24, 24), (7, 10)])
def test_it_is_a_strided_convolution(size: tuple[int, int]) -> None:
    block = tiny(4).network.layer1.eval()
    images = torch.randn(3, 4, *size, dtype=torch.float64)
    block = block.double()
    expected = block.shortcut.bn(F.conv2d(images, block.shortcut.conv.weight, stride=2))
    before = block.conv2(F.relu(block.conv1(images)))
    assert torch.allclose(block(images), F.relu(before + expected), atol=1e-12)


def test_it_trains_pixel_by_pixel_to_the_gradients_of_images_that_are_stored_by_channel() -> None:
    gradients: list[list[Tensor]] = []
    for form in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        network = tiny(4).to(memory_format=form)
        images = torch.randn(16, network.in_channels, 24, 24).contiguous(memory_format=form)
        for _ in range(20):  # a single step beyond its memory often does no harm that is seen
            network.zero_grad()
            network(images).square().sum().backward()
        gradients.append([one.grad.clone() for one in network.parameters() if one.grad is not None])
    assert gradients[0]
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))
