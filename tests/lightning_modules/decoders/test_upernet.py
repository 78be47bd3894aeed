"""UPerNet: segmentation-models-pytorch's network over a ResNet, its start, and BEiT's pyramid over a transformer."""

from __future__ import annotations

import math

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from lightning_modules.decoders.upernet import RegionMeans, UPerNet
from tests.backbones.contract import built
from tests.lightning_modules.decoders.uniform import assert_uniform

PATCHES_OF_16 = 'timm("vit_tiny_patch16_224", image_size=64)'


def test_over_a_resnet_it_is_smps_network() -> None:
    backbone, x = built("resnet18"), torch.randn(2, 3, 64, 96)
    ours = UPerNet(backbone, dropout=0.0, outputs=2).eval()
    theirs = smp.UPerNet("resnet18", encoder_weights=None, classes=2).eval()
    theirs.decoder.load_state_dict(ours.decoder.state_dict())
    theirs.segmentation_head[0].load_state_dict(ours.head[1].state_dict())
    with torch.no_grad():
        maps = backbone.features(x)
        torch.testing.assert_close(ours(x, maps), theirs.segmentation_head(theirs.decoder([x, *maps])))


def test_what_smp_starts_at_one_number_starts_at_that_number_and_draws_are_its_own() -> None:
    torch.manual_seed(0)
    upernet = UPerNet(built(PATCHES_OF_16), dropout=0.1)
    for module in upernet.decoder.modules():
        if isinstance(module, nn.Conv2d):
            assert module.bias is None
            assert_uniform(module.weight, math.sqrt(6 / module.weight[0].numel()))  # He's by inputs
        if isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            assert (module.weight == 1).all() and (module.bias == 0).all()
    dropout, head = upernet.head
    assert dropout.p == 0.1
    assert_uniform(head.weight, math.sqrt(6 / (head.in_channels + head.out_channels)))  # Glorot's
    assert (head.bias == 0).all()
    for module in upernet.levels.modules():
        if isinstance(module, nn.ConvTranspose2d):
            assert_uniform(module.weight, 1 / math.sqrt(4 * module.out_channels))  # torch's own


@pytest.mark.parametrize(
    ("backbone", "width"), [("resnet18", 256), (PATCHES_OF_16, 192), ("tiny(width=4)", 32), ("plain(width=8)", 8)]
)
def test_it_is_as_wide_as_the_coarsest_map_but_no_wider_than_smps(backbone: str, width: int) -> None:
    assert UPerNet(built(backbone), dropout=0.0).head[1].in_channels == width


@pytest.mark.parametrize("regions", [1, 2, 3, 6])
@pytest.mark.parametrize("size", [(7, 5), (2, 2), (1, 12)])
def test_means_of_regions_are_torchs_adaptive_average_pool(regions: int, size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    torch.testing.assert_close(RegionMeans(regions)(x), nn.AdaptiveAvgPool2d(regions)(x))


def test_no_layer_of_it_lacks_a_deterministic_gradient() -> None:
    """On a GPU, torch refuses the gradient of adaptive pools in its deterministic mode."""
    upernet = UPerNet(built("resnet18"), dropout=0.0)
    assert not [layer for layer in upernet.modules() if isinstance(layer, nn.AdaptiveAvgPool2d)]
