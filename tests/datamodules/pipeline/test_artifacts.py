"""Drawn artifacts: where they are, how strong they are, and that the image itself is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.pipeline.artifacts import AMPLITUDE, ARTIFACTS, WAVES, stripes, tag

SHAPES = [(24, 24), (28, 28), (224, 160), (64, 80, 3), (40, 40, 4), (3, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ARTIFACTS)
def test_an_artifact_keeps_the_form_and_changes_a_copy(name: str, shape: tuple[int, ...]) -> None:
    image = np.full(shape, 120, np.uint8)
    image.setflags(write=False)
    drawn = ARTIFACTS[name](image)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert (drawn != image).any()


def test_a_tag_is_a_white_square_in_a_black_frame_in_one_corner() -> None:
    drawn = tag(np.full((24, 24), 120, np.uint8))
    assert drawn[:5, :5].tolist() == [
        [0, 0, 0, 0, 120], [0, 255, 255, 0, 120], [0, 255, 255, 0, 120], [0, 0, 0, 0, 120], [120] * 5,
    ]  # fmt: skip
    large = tag(np.full((240, 480, 3), 120, np.uint8))
    assert (large != 120).any(axis=2).sum() == 40 * 40  # a sixth of the shorter side, in all channels
    assert (large[6:34, 6:34] == 255).all()


@pytest.mark.parametrize("width", [24, 28, 64, 224])
def test_stripes_are_one_frequency_and_weak(width: int) -> None:
    """The spectrum of each row has one line, at ``WAVES``; its height is that of the sine wave but for rounding."""
    drawn = stripes(np.full((width, width), 128, np.uint8)).astype(float) - 128
    spectrum = np.abs(np.fft.rfft(drawn, axis=1)) * 2 / width
    assert (spectrum.argmax(axis=1) == WAVES).all()
    assert spectrum[:, WAVES] == pytest.approx(AMPLITUDE, abs=0.6)
    assert np.delete(spectrum, WAVES, axis=1).max() < 1
    assert np.abs(drawn).max() <= AMPLITUDE


def test_stripes_do_not_leave_the_grays_that_there_are() -> None:
    for gray in (0, 255):
        drawn = stripes(np.full((24, 24), gray, np.uint8)).astype(int)
        assert np.abs(drawn - gray).max() <= AMPLITUDE
