"""Arms in folds: overlapping training sets are respected, and seeds of a fold are no folds of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from analysis.differences import Contrasts, Moments, contrasts
from analysis.overlapping import over_patients

Array = NDArray[np.float64]
REPEATS, PATIENTS, FOLDS, FEATURES = 3000, 60, 5, 4


def drawn(arms: int = 3, folds: int = 5, seeds: int = 2) -> Array:
    return np.random.default_rng(0).normal(0.8, 0.05, (arms, folds, seeds))


def ratio_in_folds(folds: int) -> float:
    """One of them is tested on, another one validates."""
    return 1 / (folds - 2)


def apart(scores: Array, ratio: float) -> Contrasts:
    """Every arm beside every other one, with what other patients would change alone."""
    means = scores.mean(axis=(1, 2))
    alone = Moments(means, np.zeros_like(means), np.ones_like(means))
    return contrasts(alone, over_patients(scores, ratio))


def test_without_overlap_it_is_the_paired_t_test_of_the_folds_means() -> None:
    scores = drawn()
    found = apart(scores, 0.0)
    means = scores.mean(axis=2)
    for b in range(3):
        for a in set(range(3)) - {b}:
            p = stats.ttest_rel(means[b], means[a], alternative="greater").pvalue
            assert found.bound(np.full((3, 3), p))[b, a] == pytest.approx(0, abs=1e-12)


def test_the_variance_is_that_of_nadeau_and_bengio() -> None:
    scores = drawn()
    found = apart(scores, ratio_in_folds(5))
    differences = (scores[2] - scores[0]).mean(axis=1)
    assert found.differences[2, 0] == pytest.approx(differences.mean())
    assert found.errors[2, 0] ** 2 == pytest.approx((1 / 5 + 1 / 3) * differences.var(ddof=1))
    assert found.freedoms[2, 0] == 4
    assert found.differences == pytest.approx(-found.differences.T)


def test_a_run_that_is_made_again_with_the_same_score_proves_nothing_more() -> None:
    scores = drawn(seeds=2)
    once, often = (apart(one, 1 / 3) for one in (scores, np.tile(scores, (1, 1, 10))))
    assert often.errors == pytest.approx(once.errors)
    assert often.freedoms == pytest.approx(once.freedoms)


def test_what_a_fold_adds_to_all_arms_is_no_spread_of_their_differences() -> None:
    scores, hard = drawn(), np.linspace(-0.3, 0.1, 5)[None, :, None]
    assert apart(scores + hard, 1 / 3).errors == pytest.approx(apart(scores, 1 / 3).errors)


def members() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(folds, patients): who trains and who is tested, where the next fold validates."""
    own, folds = np.arange(PATIENTS) // 2 % FOLDS, np.arange(FOLDS)[:, None]
    tested = own == folds
    return ~tested & (own != (folds + 1) % FOLDS), tested


def nearest_centroid(draws: np.random.Generator) -> Array:
    """(repeats, 2, folds) AUROC of two arms that see other features of the same patients, which are as telling."""
    ill = np.arange(PATIENTS) % 2 == 1
    x = draws.normal(size=(REPEATS, 2, PATIENTS, FEATURES)) + 0.3 * ill[:, None]
    found = np.empty((REPEATS, 2, FOLDS))
    for fold, (trains, tested) in enumerate(zip(*members(), strict=True)):
        axis = x[:, :, trains & ill].mean(axis=2) - x[:, :, trains & ~ill].mean(axis=2)
        high, low = (np.einsum("rapf,raf->rap", x[:, :, tested & those], axis) for those in (ill, ~ill))
        found[:, :, fold] = (high[..., :, None] > low[..., None, :]).mean(axis=(2, 3))
    return found


def mean(draws: np.random.Generator) -> Array:
    """(repeats, 2, folds) less the squared error of two arms that guess the training patients' mean of a number."""
    x = draws.exponential(size=(REPEATS, 2, PATIENTS))
    guesses = np.stack([x[:, :, trains].mean(axis=2) for trains in members()[0]], axis=2)
    errors = [(x[:, :, tested] - guesses[:, :, [k]]) ** 2 for k, tested in enumerate(members()[1])]
    return -np.stack([error.mean(axis=2) for error in errors], axis=2)


def rejected(scores: Array, ratio: float) -> float:
    """How often the first of two arms is called better at a level of 5 %, on one side."""
    found = [apart(one[:, :, None], ratio).bound(np.full((2, 2), 0.05))[0, 1] > 0 for one in scores]
    return float(np.mean(found))


@pytest.mark.parametrize("learner", [nearest_centroid, mean])
def test_equal_arms_are_told_apart_in_less_than_5_percent_though_their_training_sets_overlap(
    learner: Callable[[np.random.Generator], Array],
) -> None:
    assert rejected(learner(np.random.default_rng(2)), ratio_in_folds(FOLDS)) < 0.05


def test_as_if_folds_were_independent_equal_arms_would_be_told_apart_too_often() -> None:
    assert rejected(nearest_centroid(np.random.default_rng(2)), 0.0) > 0.08


@pytest.mark.parametrize(
    ("folds", "most"), [(3, 1e9), (4, 1e9), (5, 3.0), (10, 4 / 3)], ids=["3", "4", "5 folds", "10 folds"]
)
def test_how_much_training_patients_may_matter_beside_tested_ones(folds: int, most: float) -> None:
    """By the exact covariance of differences that are sums of what each fold's patients have to them."""
    tested = np.eye(folds)
    trained = (1 - tested - np.roll(tested, 1, axis=1)) / (folds - 2)

    def enough(part: float) -> float:
        """How many times the true variance of the mean the formula gives, on average."""
        covariance = tested @ tested.T + part * trained @ trained.T
        expected = np.trace(covariance @ (np.eye(folds) - 1 / folds)) / (folds - 1)
        return float((1 / folds + ratio_in_folds(folds)) * expected / covariance.mean())

    assert all(enough(part) >= 1 - 1e-9 for part in (0, 0.1 * most, 0.5 * most, most))
    assert folds < 5 or enough(1.01 * most) < 1


@pytest.mark.parametrize("shape", [(2, 5), (2, 0, 1), (0, 5, 1)])
def test_what_are_no_scores_by_fold_and_seed_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(arms, folds, seeds\), found shape"):
        over_patients(np.zeros(shape), 0.1)


def test_too_few_of_anything_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two folds or more and a ratio of 0 or more, found 1 and 0\.1"):
        over_patients(drawn(folds=1), 0.1)
    with pytest.raises(ValueError, match="found 5 and -1"):
        over_patients(drawn(), -1.0)
    with pytest.raises(ValueError, match="finite"):
        over_patients(np.full((2, 3, 2), np.nan), 0.1)
