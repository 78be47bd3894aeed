"""Weights of images of one number of channels in a network that takes another."""

from __future__ import annotations

from itertools import product

import pytest
import timm
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from initializers.loading.channels import DEFAULT, Rule, adapted, for_channels
from initializers.loading.contract import Weights
from initializers.loading.inputs import for_inputs
from specs.registry import BACKBONES

GRAY = {"stem.scale": torch.ones(4), "stem.weight": torch.ones(4, 1, 3, 3), "body.weight": torch.ones(4, 4, 3, 3)}
RULES: tuple[Rule, ...] = ("mean", "repeat")


def color(*shape: int) -> dict[str, Tensor]:
    return {"stem.weight": torch.rand(shape), "body.weight": torch.rand(4, 4, 3, 3)}


def test_the_channels_of_the_first_convolution_are_summed_and_nothing_else_is_touched() -> None:
    given = color(4, 3, 3, 3)
    found, how = for_channels(given, GRAY)
    images = torch.rand(2, 1, 9, 9)
    repeated = conv2d(images.repeat(1, 3, 1, 1), given["stem.weight"])
    torch.testing.assert_close(conv2d(images, found["stem.weight"]), repeated)
    assert found["body.weight"] is given["body.weight"]
    assert how == {"stem.weight": "sum of 3 input channels"}


@pytest.mark.parametrize(("rule", "source", "channels"), list(product(RULES, (1, 2, 3, 4), (1, 2, 3, 4, 7))))
def test_equal_channels_are_answered_as_the_source_answers_them(rule: Rule, source: int, channels: int) -> None:
    given = torch.rand(5, source, 3, 3, dtype=torch.float64)
    found = adapted(given, channels, rule)
    image = torch.rand(2, 1, 9, 9, dtype=torch.float64)
    expected = conv2d(image.expand(-1, source, -1, -1), given)
    assert found.shape == (5, channels, 3, 3)
    torch.testing.assert_close(conv2d(image.expand(-1, channels, -1, -1), found), expected)


def test_four_channels_by_hand() -> None:
    red, green, blue = given = torch.tensor([2.0, 4.0, 6.0])
    weights = given.view(1, 3, 1, 1)
    assert adapted(weights, 4, "mean").flatten().tolist() == [3, 3, 3, 3]
    assert adapted(weights, 4, "repeat").flatten().tolist() == [red / 2, green, blue, red / 2]
    assert adapted(weights, 2, "mean").flatten().tolist() == [6, 6]
    assert adapted(weights, 2, "repeat").flatten().tolist() == [red + blue, green]


def test_six_channels_by_repetition_are_those_of_timm() -> None:
    given = torch.rand(4, 3, 3, 3)
    torch.testing.assert_close(adapted(given, 6, "repeat"), timm.models.adapt_input_conv(6, given))


@pytest.mark.parametrize("shape", [(4, 1, 3, 3), (5, 3, 3, 3), (4, 3), (4, 3, 3)])
def test_what_is_no_first_convolution_of_other_channels_stays_for_strict_loading(shape: tuple[int, ...]) -> None:
    given = color(*shape)
    assert for_channels(given, GRAY) == (given, {})


def test_changed_weights_are_no_longer_those_whose_fingerprint_was_known() -> None:
    gray, colored = (BACKBONES.build(f"tiny(in_channels={channels})") for channels in (1, 3))
    weights = Weights(colored.weights(), transformed={"a": "renamed"}, fingerprint="known")
    assert for_inputs(weights, colored) is weights
    changed = for_inputs(weights, gray)
    assert changed.fingerprint is None
    assert sorted(changed.transformed.values()) == ["renamed", "sum of 3 input channels"]


@pytest.mark.parametrize("channels", [2, 4])
def test_the_report_says_what_was_done(channels: int) -> None:
    colored, other = BACKBONES.build("tiny"), BACKBONES.build(f"tiny(in_channels={channels})")
    weights = Weights(colored.weights())
    said = {
        "mean": f"mean of 3 input channels for each of {channels}, times 3/{channels}",
        "repeat": f"3 input channels in turn for {channels}, of the same sum",
    }
    for rule in RULES:
        assert list(for_inputs(weights, other, rule).transformed.values()) == [said[rule]]
    assert list(for_inputs(weights, other).transformed.values()) == [said[DEFAULT]]


def test_a_network_that_takes_colors_gets_the_weights_as_they_are() -> None:
    given = color(4, 3, 3, 3)
    assert for_channels(given, color(4, 3, 3, 3)) == (given, {})
    assert for_channels({}, GRAY) == ({}, {})
