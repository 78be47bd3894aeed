"""New patients: how much means over runs vary with them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.bootstrap import auroc_of_resamples, draw_counts
from analysis.delong import covariance_of_areas, placements
from analysis.patients import FEWEST, HARD, over_patients


def test_of_means_it_is_the_covariance_of_the_patients_values_over_their_number() -> None:
    """Where a score is a mean over patients, the closed form is the sample covariance over their number."""
    generator = np.random.default_rng(0)
    common = generator.normal(0.8, 0.1, 40)
    values = common + generator.normal(0, 0.1, (2, 3, 40))  # arms, runs, patients
    counts = draw_counts(range(40), 4000, seed=1)
    found = over_patients([runs @ counts.T / 40 for runs in values], 40)
    assert found.covariance == pytest.approx(np.cov(values.mean(axis=1)) / 40 + np.eye(2) * (HARD / 40) ** 2, rel=0.08)
    assert found.freedom == 39


@pytest.mark.parametrize(("rarer", "others"), [(10, 40), (30, 30), (15, 285)])
def test_of_areas_it_is_delongs(rarer: int, others: int) -> None:
    """DeLong's closed form, of means over runs. Of differences the bootstrap's is larger by up to a fifth."""
    generator = np.random.default_rng(2)
    truth = np.repeat([1.0, 0.0], [rarer, others])
    common = generator.normal(size=len(truth)) + 1.5 * truth
    scores = common + 0.5 * generator.normal(size=(3, 2, len(truth)))  # arms, runs, patients
    counts = draw_counts(range(len(truth)), 1500, seed=3)
    columns = scores.reshape(6, -1).T
    areas = auroc_of_resamples(np.tile(truth[:, None], 6), columns, counts).T.reshape(3, 2, -1)
    found = over_patients(list(areas), rarer).covariance - np.eye(3) * (HARD / rarer) ** 2
    above, below = placements(columns.T[:, :rarer], columns.T[:, rarer:])
    closed = covariance_of_areas(above.reshape(3, 2, -1).mean(axis=1), below.reshape(3, 2, -1).mean(axis=1))
    assert np.sqrt(np.diag(found)) == pytest.approx(np.sqrt(np.diag(closed)), rel=0.1)
    bootstrap, delong = (of[0, 0] + of[1, 1] - 2 * of[0, 1] for of in (found, closed))
    assert 0.95 < bootstrap / delong < 1.25


def test_a_resample_that_one_run_has_no_score_of_is_left_out_for_all_arms() -> None:
    first, second = np.random.default_rng(4).normal(0.8, 0.01, (2, 3, 400))
    second[1, 7] = np.nan
    found = over_patients([first, second], 20).covariance
    kept = np.delete(np.stack([first.mean(axis=0), second.mean(axis=0)]), 7, axis=1)
    assert found == pytest.approx(np.cov(kept) * 20 / 19 + np.eye(2) * (HARD / 20) ** 2)


def test_where_many_resamples_have_no_score_nothing_is_said() -> None:
    values = np.full((2, 400), 0.5)
    values[0, :21] = np.nan
    with pytest.raises(ValueError, match="21 of 400 resamples of the test patients have no score; expected 5% or less"):
        over_patients([values], 20)


def test_too_few_patients_or_resamples_are_refused() -> None:
    enough = np.full((2, 400), 0.5)
    with pytest.raises(ValueError, match=f"the rarer class has {FEWEST - 1} test patients; expected {FEWEST} or more"):
        over_patients([enough, enough], FEWEST - 1)
    for wrong, found in (([enough[:, :50]] * 2, "50"), ([enough, enough[:, :300]], "300, 400"), ([], "no arms")):
        with pytest.raises(ValueError, match=f"the same for all arms, found {found}"):
            over_patients(wrong, 20)
