"""Normalization against the formula in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lightning_modules.normalization import Normalize
from specs.card import IMAGENET, UNIT, Normalization
from specs.errors import UsageError


def image(channels: int) -> torch.Tensor:
    return torch.randint(256, (2, channels, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_pixels_are_normalized_per_channel() -> None:
    found = Normalize(IMAGENET, 3)(image(3))
    mean, std = (np.array(values).reshape(1, 3, 1, 1) for values in (IMAGENET.mean, IMAGENET.std))
    np.testing.assert_allclose(found.numpy(), (image(3).numpy() / 255 - mean) / std, atol=1e-6)
    assert found.dtype == torch.float32


def test_a_gray_image_serves_every_input_channel() -> None:
    found = Normalize(IMAGENET, 3)(image(1))
    assert torch.equal(found, Normalize(IMAGENET, 3)(image(1).expand(-1, 3, -1, -1)))


def test_without_normalization_pixels_are_in_zero_to_one() -> None:
    ends = torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 1, 1, 2)
    assert Normalize(UNIT, 2)(ends).flatten().tolist() == [0.0, 1.0, 0.0, 1.0]


def test_one_input_channel_takes_the_average_of_three_values() -> None:
    found = Normalize(Normalization((0.1, 0.2, 0.6), (0.1, 0.2, 0.3)), 1)(image(1))
    np.testing.assert_allclose(found.numpy(), (image(1).numpy() / 255 - 0.3) / 0.2, atol=1e-6)


def test_a_colour_image_is_refused_by_a_backbone_with_one_input_channel() -> None:
    with pytest.raises(UsageError, match=r"images have 3 channels and the backbone takes 1.*in_channels=3"):
        Normalize(UNIT, 1)(image(3))


def test_a_normalization_of_another_number_of_channels_is_refused() -> None:
    with pytest.raises(UsageError, match="1 or 4 values"):
        Normalize(IMAGENET, 4)


def test_nothing_of_it_is_trained_or_stored() -> None:
    normalize = Normalize(IMAGENET, 3)
    assert not list(normalize.parameters()) and not normalize.state_dict()
