"""What a plain vision transformer offers, against timm's own forward pass."""

from __future__ import annotations

import pytest
import timm
import torch

from backbones.networks.transformer import PlainTransformer, is_plain_transformer
from specs.errors import UsageError
from specs.registry import BACKBONES

SMALL = 'timm("vit_tiny_patch16_224", image_size=32, patch_size=8)'


def pictures(size: int) -> torch.Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(size))


@pytest.mark.parametrize(
    ("expression", "prefixes"),
    [
        (SMALL, 1),
        ('timm("test_vit", image_size=32, patch_size=8)', 1),
        ('timm("deit_tiny_distilled_patch16_224", image_size=32, patch_size=8)', 2),
    ],
)
def test_all_tokens_encoded_are_timms_own_features(expression: str, prefixes: int) -> None:
    backbone = BACKBONES.build(expression)
    inside = PlainTransformer(backbone, "this test")
    assert (inside.image_size, inside.patch_size, inside.grid, inside.prefixes) == ((32, 32), (8, 8), (4, 4), prefixes)
    with torch.no_grad():
        prefix, patches = inside.tokens(pictures(32))
        assert (prefix.shape[1], patches.shape[1]) == (prefixes, 16)
        found = inside.encoded(torch.cat([prefix, patches], dim=1))
        assert torch.equal(found, backbone.network.forward_features(pictures(32)))  # type: ignore[operator]


def test_any_size_is_taken_as_by_timms_own_option_and_its_own_size_as_before() -> None:
    backbone, plain = BACKBONES.build(SMALL), BACKBONES.build(SMALL)
    plain.network.load_state_dict(backbone.network.state_dict())
    PlainTransformer(backbone, "this test").take_any_size()
    option = timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=8, num_classes=0, dynamic_img_size=True)
    option.load_state_dict(backbone.network.state_dict())
    with torch.no_grad():
        assert torch.equal(backbone(pictures(32)), plain(pictures(32)))
        for size in (16, 48):
            assert torch.equal(backbone(pictures(size)), option(pictures(size)))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("vit_tiny_patch16_224", True),
        ("deit_tiny_distilled_patch16_224", True),
        ("vit_small_patch14_reg4_dinov2", True),
        ("vit_base_patch16_siglip_224", False),  # pools by attention
        ("vit_tiny_r_s16_p8_224", False),  # a network makes its patches
        ("vit_relpos_small_patch16_224", False),
        ("eva02_tiny_patch14_224", False),
    ],
)
def test_which_networks_are_plain(name: str, plain: bool) -> None:
    with torch.device("meta"):
        backbone = BACKBONES.build(f'timm("{name}")')
    assert is_plain_transformer(backbone) == plain
    if not plain:
        with pytest.raises(UsageError, match=r"this test needs the patches of a plain vision transformer, and"):
            PlainTransformer(backbone, "this test")


def test_a_network_of_another_library_is_not_plain() -> None:
    assert not is_plain_transformer(BACKBONES.build("tiny(width=4)"))
