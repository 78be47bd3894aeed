"""Scores of predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from analysis.metrics import auroc, dice, dice_from_counts


@pytest.mark.parametrize("levels", [3, 1000], ids=["ties", "no ties"])
def test_auroc_equals_scikit_learns(levels: int) -> None:
    generator = np.random.default_rng(0)
    targets = (generator.random((200, 4)) < 0.3).astype(float)
    scores = generator.integers(0, levels, (200, 4)) / levels
    expected = [roc_auc_score(targets[:, k], scores[:, k]) for k in range(4)]
    np.testing.assert_allclose(auroc(targets, scores), expected, atol=1e-12)


def test_auroc_leaves_missing_labels_out() -> None:
    targets = np.array([[1.0], [0.0], [np.nan], [0.0]])
    assert auroc(targets, np.array([[0.9], [0.2], [0.95], [0.1]])) == [1.0]


@pytest.mark.parametrize("label", [0.0, 1.0, np.nan])
def test_auroc_of_a_class_without_positives_or_negatives_is_undefined(label: float) -> None:
    values = auroc(np.column_stack([[label] * 3, [0, 1, 1]]), np.column_stack([[0.1, 0.2, 0.3]] * 2))
    assert np.isnan(values[0])
    assert values[1] == 1.0


def test_auroc_refuses_nan_scores() -> None:
    with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
        auroc([[0.0], [1.0]], [[np.nan], [0.5]])


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-20, 20)), min_size=2, max_size=40))
def test_auroc_sees_the_order_of_scores_only(pairs: list[tuple[bool, int]]) -> None:
    targets = np.array([[float(positive)] for positive, _ in pairs])
    scores = np.array([[float(score)] for _, score in pairs])
    np.testing.assert_array_equal(auroc(targets, scores), auroc(targets, np.exp(scores / 10)))
    np.testing.assert_allclose(auroc(targets, scores), 1 - auroc(targets, -scores))


def test_dice_equals_the_f1_score() -> None:
    generator = np.random.default_rng(1)
    truth, found = generator.random((2, 500)) < 0.4
    tp, fp, fn = (truth & found).sum(), (~truth & found).sum(), (truth & ~found).sum()
    assert dice_from_counts(tp, fp, fn) == pytest.approx(f1_score(truth, found))


def test_dice_of_nothing_found_where_nothing_is_counts_one() -> None:
    np.testing.assert_array_equal(dice_from_counts([0, 0, 3], [0, 1, 0], [0, 0, 0]), [1.0, 0.0, 1.0])


def test_dice_of_two_masks_is_that_of_their_shared_pixels() -> None:
    """Two squares of 4 by 4 that share 2 by 4."""
    truth, found = np.zeros((2, 8, 8), bool)
    truth[:4, :4] = True
    found[2:6, :4] = True
    assert dice(found, truth) == dice(truth.astype(np.uint8), found) == 2 * 8 / (16 + 16)
    assert (dice(truth, truth), dice(truth, ~truth)) == (1.0, 0.0)
    assert dice(np.zeros(3), np.zeros(3)) == 1.0
