"""DPT: segmentation-models-pytorch's network over a vision transformer, its start, and grids that it refuses."""

from __future__ import annotations

import math

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from lightning_modules.decoders.dpt import DPT
from tests.backbones.contract import built
from tests.lightning_modules.decoders.uniform import assert_uniform

VIT = "vit_tiny_patch16_224"


def test_over_a_vision_transformer_it_is_smps_network() -> None:
    backbone, x = built(f'timm("{VIT}", image_size=64)'), torch.randn(2, 3, 64, 64)
    ours = DPT(backbone, dropout=0.0, outputs=2).eval()
    theirs = smp.DPT(
        f"tu-{VIT}", encoder_weights=None, decoder_readout="ignore", decoder_intermediate_channels=(24, 48, 96, 192),
        decoder_fusion_channels=192, classes=2, img_size=64,
    ).eval()  # fmt: skip
    theirs.encoder.model.load_state_dict(theirs.encoder.model.state_dict() | backbone.weights())
    theirs.decoder.load_state_dict(ours.decoder.state_dict())
    theirs.segmentation_head.head.load_state_dict(ours.head.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(ours(x, backbone.features(x)), theirs(x))


def test_it_starts_as_smps() -> None:
    torch.manual_seed(0)
    dpt = DPT(built(f'timm("{VIT}", image_size=64)'), dropout=0.1)
    for module in dpt.decoder.modules():
        if isinstance(module, nn.Conv2d):
            assert_uniform(module.weight, math.sqrt(6 / module.weight[0].numel()))  # He's by inputs
            assert module.bias is None or (module.bias == 0).all()
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()
    first, _, _, dropout, last = dpt.head
    assert dropout.p == 0.1
    for layer in (first, last):  # Glorot's
        assert_uniform(layer.weight, math.sqrt(6 / (layer.weight[0].numel() + layer.weight[:, 0].numel())))


@pytest.mark.parametrize(("side", "patch"), [(48, 16), (40, 8), (45, 9), (16, 16), (33, 16)])
def test_grids_of_an_odd_number_of_patches_are_taken_too(side: int, patch: int) -> None:
    backbone, x = built(f'timm("test_vit3", image_size={side}, patch_size={patch})'), torch.randn(2, 3, side, side)
    with torch.no_grad():
        logits = DPT(backbone, dropout=0.0).eval()(x, backbone.features(x))
    assert logits.shape == (2, 1, side, side)
    assert logits.isfinite().all()
