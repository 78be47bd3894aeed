"""Which decoder a backbone gets, and what is said where one does not fit."""

from __future__ import annotations

import pytest
import torch

from backbones.networks.contract import Stage
from lightning_modules.decoder_choice import chosen_decoder, fitting, usual_decoder
from lightning_modules.decoding.contract import Decoder
from specs.errors import UsageError
from specs.registry import BACKBONES, DECODERS

FITTING = {
    "tiny": ("unet", "upernet"),
    "plain": ("unet", "upernet"),
    'cbr("small")': ("unet", "upernet"),
    "resnet18": ("unet", "upernet"),
    "inception_v3": ("unet", "upernet"),
    'timm("convnext_tiny")': ("unet", "upernet"),
    'timm("swin_tiny_patch4_window7_224")': ("unet", "upernet"),
    'timm("vit_tiny_patch16_224")': ("upernet", "dpt"),
    'timm("vit_base_patch14_dinov2")': ("upernet", "dpt"),
    'timm("levit_128s")': ("upernet",),  # strides 16, 32 and 64
}
"""The decoders that take each backbone's feature maps, the one that is taken unless another is named first."""


def stages(*strides: int) -> tuple[Stage, ...]:
    return tuple(Stage(f"stage{number}", 4, stride, ()) for number, stride in enumerate(strides))


@pytest.mark.parametrize("backbone", FITTING)
def test_a_backbone_says_by_its_strides_which_decoders_it_takes(backbone: str) -> None:
    with torch.device("meta"):
        found = BACKBONES.build(backbone).stages
    assert fitting(found) == FITTING[backbone]
    assert chosen_decoder(found) == usual_decoder(found) == FITTING[backbone][0]
    assert all(chosen_decoder(found, name) == name for name in FITTING[backbone])


@pytest.mark.parametrize(
    ("decoder", "strides", "message"),
    [
        ("unet", (16, 16), r"decoder=unet does not fit this backbone, .* strides 16: .* Use decoder=upernet or dpt\."),
        ("unet", (8, 16), r"decoder=unet .* strides 8, 16: .* Use decoder=upernet\."),
        ("dpt", (4, 8), r"decoder=dpt .* strides 4, 8: it takes feature maps of one stride.* decoder=unet or upernet"),
        ("auto", (8, 4), r"strides 8, 4: it takes feature maps that do not grow .* Choose another backbone"),
        ("upernett", (4, 8), 'unknown decoder "upernett". Did you mean "upernet"'),
    ],
)  # fmt: skip
def test_a_decoder_that_does_not_fit_is_refused_with_those_that_do(
    decoder: str, strides: tuple[int, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        chosen_decoder(stages(*strides), decoder)


def test_every_decoder_says_what_it_takes() -> None:
    for name in DECODERS.entries:
        kind = DECODERS.get(name)
        assert isinstance(kind, type) and issubclass(kind, Decoder)
        assert kind.takes.startswith("feature maps ")
