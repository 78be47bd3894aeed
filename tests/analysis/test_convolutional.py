"""From convolutional maps to similarity: which images, pixels and channels are compared, and what that shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from analysis.convolutional import PixelCca, folded, pixel_cca, pooled, resized
from analysis.similarity import Similarity, cca, independent_floor, linear_cka, pwcca, svcca


def maps(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def smooth(seed: int, images: int, channels: int, size: int) -> np.ndarray:
    """Maps whose pixels vary slowly around the image's own value, as those of a trained network do."""
    coarse = resized(maps(seed, images, channels, 2, 2), (size, size))
    return coarse + 0.1 * maps(seed + 100, images, channels, size, size)


def test_the_recipe_takes_ten_thousand_pixels_of_64_channels_five_times() -> None:
    x = maps(0, 60, 100, 14, 14)
    found = pixel_cca(x, x, same_channels=True, seed=0)
    assert found.rows == 51 * 14 * 14  # 10,000 / 196 images
    assert len(found.repeats) == len(found.ranks) == len(found.channels) == 5
    assert found.ranks == ((64, 64),) * 5
    assert found.mean == pytest.approx(1, abs=1e-8)
    assert found.floor == independent_floor(64, 64, found.rows)
    for a, b in found.channels:
        assert len(set(a.tolist())) == 64
        assert a.tolist() == b.tolist() == sorted(a.tolist())
    assert len({tuple(a) for a, _ in found.channels}) == 5


@pytest.mark.parametrize(
    ("shape", "rows", "expected"),
    [
        ((30, 6, 10, 10), 1000, 1000),
        ((30, 6, 7, 7), 1000, 980),  # 20 images of 49
        ((5, 6, 10, 10), 1000, 500),  # as there are
        ((4, 6, 40, 40), 1000, 1000),  # drawn pixels of one image
        ((4, 6, 30, 30), 1500, 1800),  # two images, rounded
    ],
)
def test_rows_are_as_near_to_those_asked_for_as_whole_images_allow(
    shape: tuple[int, ...], rows: int, expected: int
) -> None:
    found = pixel_cca(maps(0, *shape), maps(1, *shape), same_channels=False, seed=0, rows=rows)
    assert found.rows == expected
    assert found.floor == pytest.approx(independent_floor(6, 6, expected))


@pytest.mark.parametrize(("size", "rows"), [(8, 400), (40, 900)])
def test_both_layers_are_read_at_the_same_images_and_pixels(size: int, rows: int) -> None:
    """An invertible map of the channels changes nothing as long as all of them are taken."""
    x = maps(0, 20, 6, size, size)
    y = np.einsum("nchw,cd->ndhw", x, maps(1, 6, 6))
    assert pixel_cca(x, y, same_channels=False, seed=0, rows=rows).mean == pytest.approx(1, abs=1e-8)


def test_a_small_drawing_is_the_cca_of_its_pixels() -> None:
    """All images, all channels: nothing is left to draw."""
    x, y = smooth(0, 20, 5, 6), smooth(0, 20, 5, 6) + maps(2, 20, 5, 6, 6)
    expected = cca(folded(x), folded(y))
    found = pixel_cca(x, y, same_channels=True, seed=0, repeats=2)
    assert found.repeats == pytest.approx((expected.mean, expected.mean), abs=1e-12)
    assert found.mean == pytest.approx(expected.mean)
    assert found.floor == expected.floor


def test_before_against_after_needs_the_same_channels_and_mixing_channels_hides_equality() -> None:
    x = maps(0, 100, 256, 10, 10)
    after = x + 0.1 * maps(1, *x.shape)
    same = pixel_cca(x, after, same_channels=True, seed=0)
    own = pixel_cca(x, after, same_channels=False, seed=0)
    assert same.mean > 0.98
    assert own.mean < 0.4
    assert all(a.tolist() != b.tolist() for a, b in own.channels)
    mixed = np.einsum("nchw,cd->ndhw", x, np.linalg.qr(maps(2, 256, 256))[0])
    assert pixel_cca(x, mixed, same_channels=False, seed=0).mean < 0.6
    assert cca(folded(x, 2), folded(mixed, 2)).mean == pytest.approx(1, abs=1e-6)


def test_unrelated_images_show_a_floor_above_that_of_independent_pixels() -> None:
    """Where pixels of an image are alike, rows are fewer than they seem; of images of one pixel the floors are one."""
    x, y = smooth(0, 60, 8, 12), smooth(1, 60, 8, 12)
    found = pixel_cca(x, y, same_channels=True, seed=0, rows=5000, unrelated=True)
    assert found.mean > 3 * found.floor
    same = pixel_cca(x, x, same_channels=True, seed=0, rows=5000, unrelated=True)
    assert same.mean < 0.5
    assert pixel_cca(x, x, same_channels=True, seed=0, rows=5000).mean == pytest.approx(1, abs=1e-8)
    single = maps(0, 3000, 8, 1, 1)
    found = pixel_cca(single, single, same_channels=True, seed=0, rows=3000, unrelated=True)
    assert found.mean == pytest.approx(found.floor, abs=0.02)


@pytest.mark.parametrize("images", [2, 3, 50])
def test_unrelated_images_are_never_the_same_image(images: int) -> None:
    """A channel that says which image it is would show it."""
    x = maps(0, images, 3, 6, 6)
    x[:, 0] = np.arange(images)[:, None, None]
    y = np.array(x)
    for seed in range(20):
        found = pixel_cca(x, y, same_channels=True, seed=seed, rows=72, repeats=1, unrelated=True)
        assert found.mean < 0.9
    with pytest.raises(ValueError, match="unrelated images need two or more"):
        pixel_cca(x[:1], y[:1], same_channels=True, seed=0, unrelated=True)


def test_the_same_seed_draws_the_same() -> None:
    x, y = maps(0, 30, 90, 8, 8), maps(1, 30, 80, 8, 8)

    def found(seed: int | np.random.Generator) -> PixelCca:
        return pixel_cca(x, y, same_channels=False, seed=seed, rows=1000, repeats=2)

    assert found(3).repeats == found(3).repeats == found(np.random.default_rng(3)).repeats
    assert found(3).repeats != found(4).repeats
    assert [len(one) for one in found(3).channels[0]] == [64, 64]
    assert max(b.max() for _, b in found(3).channels) < 80


def test_dead_channels_lower_the_rank_and_a_constant_layer_has_no_value() -> None:
    x, y = maps(0, 40, 10, 6, 6), maps(1, 40, 10, 6, 6)
    x[:, :4] = 0
    y[:, 9] = 0.1
    found = pixel_cca(x, y, same_channels=True, seed=0)
    assert found.ranks == ((6, 9),) * 5
    assert found.mean == pytest.approx(cca(folded(x[:, 4:]), folded(y[:, :9])).mean)
    assert found.floor == independent_floor(6, 9, found.rows)
    constant = pixel_cca(np.full_like(x, 0.3), y, same_channels=True, seed=0)
    assert math.isnan(constant.mean) and math.isnan(constant.floor)
    assert constant.ranks == ((0, 9),) * 5


def test_what_cannot_be_compared_is_refused_with_the_remedy() -> None:
    x = maps(0, 20, 8, 6, 6)
    with pytest.raises(ValueError, match=r"found \(6, 6\) and \(3, 3\).*pooled.*resized"):
        pixel_cca(x, maps(1, 20, 8, 3, 3), same_channels=True, seed=0)
    with pytest.raises(ValueError, match="found 8 and 7: compare with same_channels=False"):
        pixel_cca(x, maps(1, 20, 7, 6, 6), same_channels=True, seed=0)
    with pytest.raises(ValueError, match="the same images, found 20 and 19"):
        pixel_cca(x, x[1:], same_channels=True, seed=0)
    with pytest.raises(ValueError, match="any two layers correlate perfectly"):
        pixel_cca(x[:1, :, :3, :3], x[:1, :, :3, :3], same_channels=True, seed=0)
    with pytest.raises(ValueError, match="expected positive numbers, found rows=0"):
        pixel_cca(x, x, same_channels=True, seed=0, rows=0)
    bad = np.array(x)
    bad[3, 2, 1, 0] = np.nan
    for call in (lambda: pixel_cca(bad, x, same_channels=True, seed=0), lambda: pooled(bad), lambda: folded(x[0])):
        with pytest.raises(ValueError, match="expected finite numbers"):
            call()
    with pytest.raises(ValueError, match="stride of 1 or more"):
        folded(x, 0)
    with pytest.raises(ValueError, match="size of 1 or more"):
        resized(x, (0, 3))


def test_rows_and_columns_of_the_alternatives() -> None:
    x = maps(0, 3, 4, 5, 7)
    assert pooled(x) == pytest.approx(x.astype(np.float64).mean(axis=(2, 3)))
    rows = folded(x, stride=2)
    assert rows.shape == (3 * 3 * 4, 4)
    assert rows[1].tolist() == x[0, :, 0, 2].tolist()
    assert rows[3 * 4].tolist() == x[1, :, 0, 0].tolist()
    assert folded(x)[7].tolist() == x[0, :, 1, 0].tolist()


@pytest.mark.parametrize("size", [(14, 9), (3, 2), (5, 7), (1, 20)])
def test_resizing_is_torchs_bilinear_interpolation(size: tuple[int, int]) -> None:
    x = maps(0, 2, 3, 5, 7)
    expected = torch.nn.functional.interpolate(torch.from_numpy(x), size=size, mode="bilinear", align_corners=False)
    assert resized(x, size) == pytest.approx(expected.numpy(), abs=1e-5)


@pytest.mark.parametrize("measure", [cca, svcca, pwcca, linear_cka])
def test_the_alternatives_go_with_every_measure(measure: object) -> None:
    x = smooth(0, 80, 6, 8)
    small = x[:, :, ::2, ::2] + 0.1 * maps(5, 80, 6, 4, 4)
    for a, b in ((pooled(x), pooled(small)), (folded(resized(small, (8, 8)), 2), folded(x, 2))):
        found = measure(a, b)
        value = found.value if isinstance(found, Similarity) else found.mean
        assert found.floor < 0.7 < value <= 1
    assert pixel_cca(x, resized(small, (8, 8)), same_channels=True, seed=0).mean > 0.7
