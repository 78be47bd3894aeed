"""What would settle a race: the numbers that are promised, held against worlds whose truth is what was observed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from analysis.decision import Rules, standing
from analysis.differences import OverPatients
from analysis.settling import MOST_RUNS, SURE, Settling, Split, between_picks, settling

RULES = Rules(margin=0.01, level=0.05, looks=(6, 9))
MEANS = {"a": 0.85, "b": 0.849, "c": 0.848}
SPREAD = 0.01
NARROW = 0.003
TESTED = 400


def observed(spread: float) -> dict[str, np.ndarray]:
    """Six scores of each arm, whose mean and sample standard deviation are what they are in truth."""
    drawn = np.random.default_rng(1).normal(size=(3, 6))
    drawn = (drawn - drawn.mean(axis=1, keepdims=True)) / drawn.std(axis=1, ddof=1, keepdims=True)
    return {arm: mean + spread * of for (arm, mean), of in zip(MEANS.items(), drawn, strict=True)}


SCORES = observed(SPREAD)


def of_patients(variance: float, patients: int = TESTED) -> OverPatients:
    """Means that vary over patients independently of each other."""
    return OverPatients(np.eye(3) * variance / patients, patients - 1)


def asked(spread: float = SPREAD, variance: float | None = None) -> Settling:
    """What would settle it; of new patients where their variance is given."""

    def over(names: Sequence[str], runs: int) -> OverPatients:
        found = of_patients(variance or 0.0)
        return OverPatients(found.covariance[: len(names), : len(names)], found.freedom)

    scores, patients = observed(spread), over if variance else None
    now = standing(scores, "abc", RULES, patients)
    found = settling(scores, "abc", RULES, now, patients, TESTED)
    assert found is not None
    return found


def share(spread: float, further: int, variance: float | None = None, patients: int = 0, worlds: int = 300) -> float:
    """How often one may start from the first arm after one look at all runs, at the share of the last look."""
    generator, count = np.random.default_rng(99), 0
    rules = Rules(RULES.margin, RULES.level * RULES.spent(1), (6 + further,))
    over = of_patients(variance, TESTED + patients) if variance else None
    for _ in range(worlds):
        scores = {
            arm: np.append(of, generator.normal(MEANS[arm], spread, further)) for arm, of in observed(spread).items()
        }
        if variance and patients:
            new = generator.normal(0, np.sqrt(variance / patients), 3) * patients / (TESTED + patients)
            scores = {arm: of + moved for (arm, of), moved in zip(scores.items(), new, strict=True)}
        found = standing(scores, "abc", rules, (lambda names, runs: over) if over else None)
        count += "a" in found.start
    return count / worlds


def test_the_promised_runs_settle_it_as_often_as_promised() -> None:
    found = asked()
    assert found.leader == "a"
    assert found.start.runs is not None
    assert 1 < found.start.runs < MOST_RUNS
    assert share(SPREAD, found.start.runs) == pytest.approx(SURE, abs=0.06)
    assert share(SPREAD, found.start.runs // 2) < SURE - 0.06
    assert found.start.patients is None  # more patients are none of these images


def test_the_promised_patients_settle_it_as_often_as_promised() -> None:
    found = asked(NARROW, 0.01)
    assert found.start.patients is not None
    assert share(NARROW, 0, 0.01, found.start.patients) == pytest.approx(SURE, abs=0.06)
    assert share(NARROW, 0, 0.01, found.start.patients // 2) < SURE - 0.06


def test_what_is_uncertain_over_patients_is_not_settled_by_runs() -> None:
    found = asked(NARROW, 0.03)
    assert found.start.runs is None
    assert found.start.patients is not None
    assert found.start.patients > TESTED


def test_against_one_threat_alone_no_more_is_needed_than_against_all() -> None:
    found = asked()
    assert set(found.against) == {"b", "c"}
    needed = [one.runs for one in found.against.values()]
    assert found.start.runs is not None
    assert all(one is not None and one <= found.start.runs for one in needed)
    assert found.against["c"].runs < found.against["b"].runs  # type: ignore[operator]


def test_a_threat_with_fewer_runs_gets_the_leaders_number_first() -> None:
    scores = SCORES | {"b": SCORES["b"][:3]}
    now = dataclasses.replace(standing(SCORES, "abc", RULES), threats=("b",))
    found = settling(scores, "abc", RULES, now)
    assert found is not None
    assert found.start.runs is not None
    assert found.start == found.against["b"]


def test_the_uncertainty_is_split_by_what_it_comes_from() -> None:
    found = asked(SPREAD, 0.01).split["b"]
    assert found.seeds == pytest.approx(2 * SPREAD**2 / 6, rel=0.05)
    assert found == Split(found.seeds, pytest.approx(2 * 0.01 / TESTED), None)
    assert asked().split["b"].patients is None


def test_the_part_of_the_picks_is_that_of_the_analysis_of_variance() -> None:
    """With as many runs at each of K rates, n (F - 1) within / n K is the classic estimate for means as they are."""
    values = np.random.default_rng(3).normal(0.8, 0.01, (4, 5)) + np.array([[0.0], [0.02], [0.05], [0.01]])
    rates = np.repeat([1.0, 2.0, 3.0, 4.0], 5)
    within = values.var(axis=1, ddof=1).mean()
    expected = within * (stats.f_oneway(*values).statistic - 1) * 3 / 19
    assert between_picks(values.ravel().tolist(), rates.tolist()) == pytest.approx(expected)
    assert between_picks([0.7, 0.9, 0.7, 0.9], [1.0, 1.0, 2.0, 2.0]) == 0
    assert between_picks([0.7, 0.9], [1.0, 1.0]) == 0
    assert between_picks([0.7, 0.9], [1.0, 2.0]) is None
    with pytest.raises(ValueError, match="expected a learning rate of each run, found 1 of 2 runs"):
        between_picks([0.7, 0.9], [1.0])


def test_on_average_the_part_of_the_picks_is_what_picks_vary_by() -> None:
    """Rates are picked in a half, three and two tenths of the tunings: the variance of their means is a known sum."""
    chances, means = np.array([0.5, 0.3, 0.2]), np.array([0.80, 0.90, 0.84])
    generator, found = np.random.default_rng(0), []
    for _ in range(2000):
        picked = generator.choice(3, 12, p=chances)
        one = between_picks((means[picked] + 0.01 * generator.standard_normal(12)).tolist(), picked.tolist())
        assert one is not None  # twelve runs at three rates
        found.append(one)
    assert np.mean(found) == pytest.approx(chances @ (means - chances @ means) ** 2, rel=0.02)


def test_what_picks_add_is_no_longer_the_seeds_part() -> None:
    scores = {"a": [0.80, 0.81, 0.90, 0.91], "b": [0.79, 0.80, 0.89, 0.90]}
    rules = Rules(looks=(4,))
    now = standing(scores, "ab", rules)
    plain, retuned = (
        settling(scores, "ab", rules, now, picks=picks)
        for picks in (None, {"a": [1.0, 1.0, 2.0, 2.0], "b": [1.0, 1.0, 2.0, 2.0]})
    )
    assert plain is not None
    assert retuned is not None
    one, other = plain.split["b"], retuned.split["b"]
    assert one.rates is None
    assert other.rates == pytest.approx(2 * (0.01 - 5e-5) / 3 / 4)
    assert other.seeds + other.rates == pytest.approx(one.seeds)
    alone = settling(scores, "ab", rules, now, picks={"a": [1.0, 1.0, 2.0, 2.0], "b": [1.0, 2.0, 3.0, 4.0]})
    assert alone is not None
    assert alone.split["b"] == one


def test_the_answer_is_the_same_each_time() -> None:
    assert asked(NARROW, 0.01) == asked(NARROW, 0.01)


def test_where_nothing_is_open_nothing_is_needed() -> None:
    settled = {"a": SCORES["a"], "b": SCORES["b"] - 0.2}
    assert settling(settled, "ab", RULES, standing(settled, "ab", RULES)) is None
    early = {"a": [0.8, 0.9], "b": [0.8]}
    assert settling(early, "ab", RULES, standing(early, "ab", RULES)) is None


def test_new_patients_need_the_number_of_those_tested() -> None:
    now = standing(SCORES, "abc", RULES)
    with pytest.raises(ValueError, match="expected the number of test patients, 1 or more, found 0"):
        settling(SCORES, "abc", RULES, now, lambda names, runs: of_patients(0.01))
