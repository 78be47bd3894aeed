"""The U-Net decoder against segmentation_models_pytorch's, and on every pyramid that backbones have."""

from __future__ import annotations

import pytest
import segmentation_models_pytorch as smp
import torch

from backbones.contract import Stage
from lightning_modules.unet import UNet, decoder_width
from tests.lightning_modules.contract import pyramid

RESNET50 = [
    Stage(name, channels, 2 ** (number + 1), (name,))
    for number, (name, channels) in enumerate(
        zip(("conv1", "layer1", "layer2", "layer3", "layer4"), (64, 256, 512, 1024, 2048), strict=True)
    )
]


def test_a_resnet50_gets_the_decoder_of_segmentation_models_pytorch() -> None:
    reference = smp.Unet("resnet50", encoder_weights=None).decoder.eval()
    ours = UNet(RESNET50).eval()
    ours.decoder.load_state_dict(reference.state_dict())
    image = torch.randn(1, 3, 64, 64)
    maps = [torch.randn(1, stage.channels, 64 // stage.stride, 64 // stage.stride) for stage in RESNET50]
    torch.testing.assert_close(ours(image, maps), reference([image, *maps]))


def test_a_narrow_backbone_gets_a_narrow_decoder_of_at_least_16_channels() -> None:
    narrow = {16: 64, 8: 32, 4: 16, 2: 8}
    assert [decoder_width(stride, channels) for stride, channels in narrow.items()] == [32, 16, 16, 16]


@pytest.mark.parametrize("size", [(32, 32), (28, 28), (33, 33), (17, 40)])
@pytest.mark.parametrize("first_stride", [1, 2, 4])
def test_the_output_has_the_size_of_the_input(first_stride: int, size: tuple[int, int]) -> None:
    backbone = pyramid(first_stride=first_stride)
    unet, image = UNet(backbone.stages), torch.randn(2, 1, *size)
    assert unet(image, backbone.features(image)).shape == (2, unet.width, *size)


def test_a_first_stage_that_trims_its_borders_is_brought_to_the_size_of_the_input() -> None:
    backbone = pyramid()
    unet, image = UNet(backbone.stages), torch.randn(2, 1, 20, 22)
    assert unet(image, backbone.features(image[..., 2:-2, 2:-2])).shape[-2:] == (20, 22)


def test_a_first_stage_of_stride_one_is_a_skip_at_full_resolution() -> None:
    backbone = pyramid(first_stride=1)
    unet = UNet(backbone.stages).eval()
    image = torch.randn(1, 1, 16, 16)
    maps = [one.detach().requires_grad_() for one in backbone.features(image)]
    assert maps[0].shape[-2:] == (16, 16)
    centre = unet(image, maps)[0, :, 8, 8].sum()
    gradients = torch.autograd.grad(centre, maps)
    assert all(gradient.any() for gradient in gradients)
    touched = gradients[0][0].abs().sum(0).nonzero()
    assert touched.min() >= 6 and touched.max() <= 10  # only what two 3 x 3 convolutions see, at the input's own size


def test_of_stages_with_the_same_stride_the_deepest_is_the_skip() -> None:
    stages = [Stage("stem", 8, 2, ()), Stage("layer1", 16, 2, ()), Stage("layer2", 24, 4, ())]
    unet, image = UNet(stages), torch.randn(1, 1, 16, 16)
    maps = [torch.randn(1, 8, 8, 8), torch.randn(1, 16, 8, 8), torch.randn(1, 24, 4, 4)]
    assert unet(image, maps).shape[-2:] == (16, 16)
    assert torch.equal(unet.eval()(image, maps), unet(image, [torch.zeros_like(maps[0]), *maps[1:]]))
