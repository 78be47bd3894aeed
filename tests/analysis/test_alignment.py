"""CKA of every pair and over minibatches, against that of one pair at a time and the published form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.alignment import MinibatchCka, cka_of_every_pair
from analysis.similarity import linear_cka


def layers(samples: int, *widths: int) -> list[np.ndarray]:
    """Related ones, of scales far apart."""
    generator = np.random.default_rng(0)
    shared = generator.normal(size=(samples, 5))
    return [
        (shared @ generator.normal(size=(5, width)) + generator.normal(size=(samples, width))) * 10.0 ** (4 * at - 6)
        for at, width in enumerate(widths)
    ]


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("samples", "widths"),
    [(9000, (8, 16, 5)), (300, (64, 200, 128, 64)), (40, (2000, 30)), (5, (300, 2))],
    ids=["many samples", "many columns", "samples far fewer than columns", "five samples"],
)
def test_every_pair_has_the_value_of_the_pair_alone(
    samples: int, widths: tuple[int, ...], dtype: type, debiased: bool
) -> None:
    data = [values.astype(dtype) for values in layers(samples, *widths)]
    found = cka_of_every_pair(data, debiased)
    for a, x in enumerate(data):
        for b, y in enumerate(data):
            assert found[a, b] == pytest.approx(linear_cka(x, y, debiased).value, abs=5e-6)


def test_offsets_and_extreme_scales_cost_no_precision() -> None:
    x, y = (values / values.std() for values in layers(500, 20, 30))
    expected = linear_cka(x, y).value
    for moved in (x + 1e6, x * 1e-200, x * 1e200, (x * 1e-30).astype(np.float32), (x * 1e30).astype(np.float32)):
        assert cka_of_every_pair([moved, y])[0, 1] == pytest.approx(expected, abs=5e-6)
    shifted = (1000 + x).astype(np.float32)
    assert cka_of_every_pair([shifted, y])[0, 1] == pytest.approx(linear_cka(shifted, y).value, abs=5e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_that_does_not_vary_has_no_value(dtype: type) -> None:
    x, y = layers(50, 4, 6)
    found = cka_of_every_pair([x, np.full((50, 3), 0.1, dtype), y])
    assert np.isnan(found[1]).all() and np.isnan(found[:, 1]).all()
    assert found[0, 2] == pytest.approx(linear_cka(x, y).value, abs=5e-6)
    minibatch = MinibatchCka()
    minibatch.update({"x": x, "constant": np.full((50, 3), 0.1, dtype)})
    assert np.isnan(minibatch.values()).tolist() == [[False, True], [True, True]]


def test_what_cannot_be_compared_is_refused() -> None:
    x = layers(30, 4)[0]
    with pytest.raises(ValueError, match=r"the same samples, found \[29, 30\]"):
        cka_of_every_pair([x, x[1:]])
    with pytest.raises(ValueError, match="needs four samples, found 3"):
        cka_of_every_pair([x[:3]], debiased=True)
    for dtype in (np.float32, np.float64):
        bad = x.astype(dtype)
        bad[2, 1] = np.inf
        with pytest.raises(ValueError, match="expected finite numbers"):
            cka_of_every_pair([bad])
    with pytest.raises(ValueError, match="no minibatch was seen"):
        MinibatchCka().values()
    minibatch = MinibatchCka()
    minibatch.update({"x": x})
    with pytest.raises(ValueError, match="expected the layers of the first batch"):
        minibatch.update({"y": x})


def unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC with matrices of samples by samples, as published (Nguyen, Raghu and Kornblith 2021, section 2)."""
    n, one = len(x), np.ones(len(x))
    k, l = x @ x.T, y @ y.T  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    middle = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return float((np.trace(k @ l) + middle - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3)))


@pytest.mark.parametrize("widths", [(7, 5), (200, 90)])
def test_minibatches_give_the_published_mean(widths: tuple[int, int]) -> None:
    """Of batches of different sizes, with fewer and with more columns than samples."""
    x, y = layers(100, *widths)
    parts = [slice(0, 40), slice(40, 80), slice(80, 100)]
    minibatch = MinibatchCka()
    for part in parts:
        minibatch.update({"x": x[part] + 3, "y": y[part]})
    between, own, other = (np.mean([unbiased(a[part], b[part]) for part in parts]) for a, b in ((x, y), (x, x), (y, y)))
    assert minibatch.names == ("x", "y")
    assert minibatch.batches == 3
    assert minibatch.values()[0, 1] == pytest.approx(between / math.sqrt(own * other), rel=1e-9)
    assert minibatch.values()[1, 0] == minibatch.values()[0, 1]
    assert np.diag(minibatch.values()) == pytest.approx([1, 1])


def test_minibatches_approach_the_value_of_all_samples_with_their_number() -> None:
    x, y = layers(8000, 12, 9)
    minibatch = MinibatchCka()
    for start in range(0, 8000, 40):
        minibatch.update({"x": x[start : start + 40], "y": y[start : start + 40]})
    assert minibatch.values()[0, 1] == pytest.approx(linear_cka(x, y, debiased=True).value, abs=0.01)
    one = MinibatchCka()
    one.update({"x": x, "y": y})
    assert one.values()[0, 1] == pytest.approx(linear_cka(x, y, debiased=True).value, rel=1e-9)
