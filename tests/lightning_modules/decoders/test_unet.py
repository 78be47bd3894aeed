"""How a U-Net starts: as segmentation-models-pytorch's own, tensor by tensor, and by closed forms."""

from __future__ import annotations

import math

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import Tensor

from lightning_modules.decoders.unet import UNet, decoder_widths
from specs.registry import BACKBONES
from tests.backbones.contract import built
from tests.lightning_modules.decoders.uniform import assert_uniform


def tensors(network: torch.nn.Module) -> list[tuple[str, Tensor]]:
    return list(network.state_dict().items())


@pytest.fixture(scope="module")
def pairs() -> list[tuple[str, Tensor, Tensor]]:
    """Name, our tensor and smp's of every tensor of a ResNet-50's decoder and head, in order."""
    torch.manual_seed(0)
    ours = UNet(built("resnet50"), dropout=0.0)
    theirs = smp.Unet("resnet50", encoder_weights=None)
    found = [(f"decoder.{name}", tensor) for name, tensor in tensors(ours.decoder)]
    found += [(f"head.{name}", tensor) for name, tensor in tensors(ours.head)]
    expected = [*tensors(theirs.decoder), *tensors(theirs.segmentation_head)]
    assert [tensor.shape for _, tensor in found] == [tensor.shape for _, tensor in expected]
    return [(name, tensor, other) for (name, tensor), (_, other) in zip(found, expected, strict=True)]


def test_what_smp_starts_at_one_number_starts_at_that_number(pairs: list[tuple[str, Tensor, Tensor]]) -> None:
    constant = [(name, ours, theirs) for name, ours, theirs in pairs if theirs.min() == theirs.max()]
    assert {"head.1.bias"} < {name for name, _, _ in constant}
    for name, ours, theirs in constant:
        assert torch.equal(ours, theirs), name


def test_what_smp_draws_has_the_same_spread_and_bounds(pairs: list[tuple[str, Tensor, Tensor]]) -> None:
    drawn = [(name, ours, theirs) for name, ours, theirs in pairs if theirs.min() != theirs.max()]
    assert len(drawn) == 11  # two convolutions in each of five blocks, and the head's
    for name, ours, theirs in drawn:
        n = ours.numel()
        error = 6 * math.sqrt(2 * 0.8 / n)  # of the log of two variances; the fourth moment of a uniform is 9/5
        assert abs(math.log(ours.double().var().item() / theirs.double().var().item())) < error, name
        assert ours.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=20 / n), name


@pytest.mark.parametrize("backbone", ["resnet50", "tiny(width=8)"])
def test_the_decoder_is_hes_uniform_by_inputs_and_the_head_glorots(backbone: str) -> None:
    torch.manual_seed(1)
    unet = UNet(built(backbone) if backbone == "resnet50" else BACKBONES.build(backbone), dropout=0.1)
    for module in unet.decoder.modules():
        if isinstance(module, torch.nn.Conv2d):
            assert module.bias is None
            assert_uniform(module.weight, math.sqrt(6 / module.weight[0].numel()))
        if isinstance(module, torch.nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()
    (head,) = [module for module in unet.head.modules() if isinstance(module, torch.nn.Conv2d)]
    assert_uniform(head.weight, math.sqrt(6 / (9 * head.in_channels + 9 * head.out_channels)))
    assert head.bias is not None and (head.bias == 0).all()


@pytest.mark.parametrize("backbone", ["resnet18", "resnet50"])
def test_the_decoder_of_a_resnet_has_smps_widths(backbone: str) -> None:
    assert decoder_widths(built(backbone).stages) == [256, 128, 64, 32, 16]


def test_a_stage_at_full_resolution_reaches_the_answer_by_a_skip() -> None:
    backbone = BACKBONES.build("tiny(width=4)")
    unet = UNet(backbone, 0.0).eval()
    x = torch.randn(1, 3, 16, 16)
    maps = [value.detach().requires_grad_() for value in backbone.features(x)]
    unet(x, maps)[0, 0, 8, 8].backward()
    reached = [int((value.grad != 0).any(dim=1).sum()) for value in maps if value.grad is not None]
    assert maps[0].shape[2:] == (16, 16)
    assert 0 < reached[0] < 16 * 16
