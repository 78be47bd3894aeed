"""Weights of color images in a network that takes gray ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from initializers.loading.channels import gray_first_convolution
from initializers.loading.contract import Weights
from initializers.loading.inputs import for_inputs
from specs.registry import BACKBONES

GRAY = {"stem.scale": torch.ones(4), "stem.weight": torch.ones(4, 1, 3, 3), "body.weight": torch.ones(4, 4, 3, 3)}


def color(*shape: int) -> dict[str, Tensor]:
    return {"stem.weight": torch.rand(shape), "body.weight": torch.rand(4, 4, 3, 3)}


def test_the_channels_of_the_first_convolution_are_summed_and_nothing_else_is_touched() -> None:
    given = color(4, 3, 3, 3)
    found, how = gray_first_convolution(given, GRAY)
    images = torch.rand(2, 1, 9, 9)
    repeated = torch.nn.functional.conv2d(images.repeat(1, 3, 1, 1), given["stem.weight"])
    torch.testing.assert_close(torch.nn.functional.conv2d(images, found["stem.weight"]), repeated)
    assert found["body.weight"] is given["body.weight"]
    assert how == {"stem.weight": "sum of 3 input channels"}


@pytest.mark.parametrize("shape", [(4, 1, 3, 3), (4, 4, 3, 3), (4, 3), (4, 3, 3)])
def test_what_is_no_convolution_of_three_channels_stays_for_strict_loading_to_refuse(shape: tuple[int, ...]) -> None:
    given = color(*shape)
    assert gray_first_convolution(given, GRAY) == (given, {})


def test_changed_weights_are_no_longer_those_whose_fingerprint_was_known() -> None:
    gray, colored = (BACKBONES.build(f"tiny(in_channels={channels})") for channels in (1, 3))
    weights = Weights(colored.weights(), transformed={"a": "renamed"}, fingerprint="known")
    assert for_inputs(weights, colored) is weights
    changed = for_inputs(weights, gray)
    assert changed.fingerprint is None
    assert sorted(changed.transformed.values()) == ["renamed", "sum of 3 input channels"]


def test_a_network_that_takes_colors_gets_the_weights_as_they_are() -> None:
    given = color(4, 3, 3, 3)
    assert gray_first_convolution(given, color(4, 3, 3, 3)) == (given, {})
    assert gray_first_convolution({}, GRAY) == ({}, {})
