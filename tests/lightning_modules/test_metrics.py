"""Metrics against scikit-learn and NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning_modules.metrics import confusion, dice, mean_auroc
from sklearn.metrics import f1_score, roc_auc_score


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_auroc_is_that_of_scikit_learn_with_ties_and_missing_labels(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.integers(0, 6, (n, 3)) / 5
    targets = rng.choice([0.0, 1.0, math.nan], (n, 3), p=[0.5, 0.3, 0.2])
    expected = []
    for truth, score in zip(targets.T, probabilities.T, strict=True):
        labelled = ~np.isnan(truth)
        if len(set(truth[labelled])) == 2:
            expected.append(roc_auc_score(truth[labelled], score[labelled]))
    found = mean_auroc(torch.from_numpy(probabilities), torch.from_numpy(targets), [0, 1, 2])
    assert found == pytest.approx(np.mean(expected) if expected else math.nan, abs=1e-6, nan_ok=True)


def test_multiclass_is_scikit_learns_macro_one_versus_rest() -> None:
    rng = np.random.default_rng(0)
    labels, probabilities = np.arange(40) % 4, rng.dirichlet(np.ones(4), 40)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    found = mean_auroc(torch.from_numpy(probabilities), torch.from_numpy(np.eye(4)[labels]), range(4))
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_class_with_only_one_kind_of_label_is_left_out_and_never_counts_as_zero() -> None:
    probabilities = torch.tensor([[0.1, 0.4, 0.3], [0.9, 0.6, 0.3]], dtype=torch.float64)
    targets = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]], dtype=torch.float64)
    assert mean_auroc(probabilities, targets, [0, 1, 2]) == 1.0


def test_auroc_is_nan_where_no_class_has_one() -> None:
    probabilities = torch.rand(3, 3, dtype=torch.float64)
    targets = torch.tensor([[0.0, 1.0, math.nan]] * 3, dtype=torch.float64)
    assert math.isnan(mean_auroc(probabilities, targets, [0, 1, 2]))


def test_only_scored_classes_count() -> None:
    probabilities = torch.tensor([[0.1, 0.9], [0.9, 0.1]], dtype=torch.float64)
    targets = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    assert mean_auroc(probabilities, targets, [0]) == 1.0
    assert mean_auroc(probabilities, targets, [1]) == 0.0


@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1))
def test_dice_is_the_f1_score_of_the_pixels(seed: int, share: float, agreement: float) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((3, 1, 6, 5)) < share
    predicted = mask ^ (rng.random(mask.shape) > agreement)
    found = dice(confusion(torch.from_numpy(predicted), torch.from_numpy(mask)))
    for value, truth, guess in zip(found, mask, predicted, strict=True):
        assert float(value) == pytest.approx(f1_score(truth.ravel(), guess.ravel(), zero_division=1.0))


def test_only_pixels_inside_the_region_are_counted() -> None:
    predicted, mask, region = (
        torch.rand(2, 1, 9, 8, generator=torch.Generator().manual_seed(n)) > 0.4 for n in (1, 2, 3)
    )
    found = confusion(predicted, mask, region).numpy()
    for row, guess, truth, inside in zip(found, predicted.numpy(), mask.numpy(), region.numpy(), strict=True):
        guess, truth = guess[inside], truth[inside]
        pairs = [(True, True), (True, False), (False, True), (False, False)]
        assert row.tolist() == [int(((guess == p) & (truth == t)).sum()) for p, t in pairs]
        assert row.sum() == inside.sum()


def test_an_empty_prediction_of_an_empty_mask_scores_one_and_any_other_of_it_zero() -> None:
    empty, full = torch.zeros(1, 1, 4, 4, dtype=torch.bool), torch.ones(1, 1, 4, 4, dtype=torch.bool)
    assert dice(confusion(empty, empty)).tolist() == [1.0]
    assert dice(confusion(full, empty)).tolist() == [0.0]
    assert dice(confusion(empty, full)).tolist() == [0.0]
