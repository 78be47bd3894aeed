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


def test_of_repeated_picks_the_variance_is_that_of_the_analysis_of_variance() -> None:
    groups = np.random.default_rng(3).normal(0.8, 0.01, (4, 5)) + np.array([[0.0], [0.02], [0.05], [0.01]])
    within = groups.var(axis=1, ddof=1).mean()
    expected = within * (stats.f_oneway(*groups).statistic - 1) / 5
    assert between_picks(groups.tolist()) == pytest.approx(expected)
    assert between_picks([[0.7, 0.9], [0.7, 0.9]]) == 0
    now = standing(SCORES, "abc", RULES)
    found = settling(SCORES, "abc", RULES, now, picks={"a": groups.tolist(), "b": groups.tolist()})
    assert found is not None
    assert found.split["b"].rates == pytest.approx(2 * expected)
    assert found.split["c"].rates == pytest.approx(expected)
    for wrong in ([[0.5, 0.6]], [[0.5], [0.6]], [[0.5, 0.6], []]):
        with pytest.raises(ValueError, match="expected two or more picks"):
            between_picks(wrong)


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
