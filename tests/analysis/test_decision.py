"""The decision: what may be claimed of arms, and which of them need more runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.decision import Rules, full_grid, standing
from analysis.differences import OverPatients, contrasts, moments

RULES = Rules(margin=0.01, level=0.05, looks=(3, 5))


def runs(mean: float, spread: float = 0.002, number: int = 5) -> list[float]:
    """Scores around a mean, in turn above and below it."""
    return [mean + spread * sign for sign in (1, -1, 0, 1, -1)][:number]


def test_an_arm_that_is_far_ahead_is_what_one_starts_from() -> None:
    found = standing({"a": runs(0.9), "b": runs(0.8), "c": runs(0.7)}, ["b", "a", "c"], RULES)
    assert found.start == ("a",)
    assert set(found.worse) == {"b", "c"}
    assert not found.wanted
    assert found.looks == 1  # nothing is looked at after it is settled


def test_arms_that_are_alike_are_claimed_together() -> None:
    found = standing({"a": runs(0.9), "b": runs(0.9005), "c": runs(0.7)}, ["a", "b", "c"], RULES)
    assert set(found.start) == {"a", "b"}
    assert found.worse == ("c",)


def test_nothing_is_claimed_before_the_first_look() -> None:
    found = standing({"a": runs(0.9, number=2), "b": runs(0.8, number=3)}, ["a", "b"], RULES)
    assert (found.looks, found.leader, found.start, found.worse) == (0, None, (), ())
    assert found.wanted == {"a": 3, "b": 3}


def test_an_arm_rests_while_the_leader_and_its_threats_go_on() -> None:
    scores = {"a": runs(0.9, 0.02, 3), "b": runs(0.89, 0.02, 3), "c": runs(0.5, 0.02, 3)}
    found = standing(scores, ["a", "b", "c"], RULES)
    assert found.start == ()
    assert found.rested == {"c": 3}
    assert found.wanted == {"a": 5, "b": 5}
    assert set(found.threats) == {"b"}


def test_a_claim_that_the_leaders_later_runs_speak_against_is_withdrawn() -> None:
    """b rests at .85 while a is at .9; a's later runs bring it to .78, and b runs again."""
    rules = Rules(margin=0.01, level=0.05, looks=(3, 5, 7))
    scores = {"a": [0.9, 0.9, 0.9, 0.6, 0.6], "b": [0.85, 0.849, 0.851], "c": [0.8, 0.7, 0.9, 0.6, 0.6]}
    first = standing({arm: of[:3] for arm, of in scores.items()}, ["a", "b", "c"], rules)
    assert (first.leader, first.threats, first.rested) == ("a", ("c",), {"b": 3})
    assert first.ahead["b"].high < rules.margin
    second = standing(scores, ["a", "b", "c"], rules)
    assert (second.leader, set(second.threats), second.rested) == ("a", {"b", "c"}, {})
    assert second.wanted == {"a": 7, "b": 7, "c": 7}
    assert second.ahead["b"].high == np.inf
    kept = standing(scores | {"a": [0.9, 0.9, 0.9, 0.8, 0.8]}, ["a", "b", "c"], rules)
    assert kept.rested == {"b": 3}  # at .86 the leader is still ahead


def test_runs_beyond_those_that_a_look_wants_are_not_looked_at() -> None:
    scores = {"a": runs(0.9, 0.02), "b": runs(0.89, 0.02), "c": runs(0.5, 0.02)}
    more = scores | {"c": [*scores["c"][:3], 1.0, 1.0]}
    assert standing(more, ["a", "b", "c"], RULES) == standing(scores, ["a", "b", "c"], RULES)


def test_after_the_last_look_nothing_is_wanted() -> None:
    found = standing({"a": runs(0.9, 0.05), "b": runs(0.89, 0.05)}, ["a", "b"], RULES)
    assert found.looks == 2
    assert not found.start
    assert not found.wanted


def test_a_look_that_needs_more_runs_than_there_may_be_is_not_made() -> None:
    rules = dataclasses.replace(RULES, most=9)
    found = standing({"a": runs(0.9, 0.05, 3), "b": runs(0.89, 0.05, 3)}, ["a", "b"], rules)
    assert found.looks == 1
    assert found.wanted == {}


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=2, max_size=5),
    st.integers(0, 2**31),
)
def test_a_race_that_is_stopped_comes_to_the_same_end(values: list[list[float]], seed: int) -> None:
    """Runs come in any order between two looks; what was known when the race was stopped does not matter."""
    names = [f"arm {number}" for number in range(len(values))]
    whole = standing(dict(zip(names, values, strict=True)), names, RULES)
    have = dict.fromkeys(names, 0)
    generator = np.random.default_rng(seed)
    for _ in range(len(names) * 5 + 5):
        now = standing({name: values[number][: have[name]] for number, name in enumerate(names)}, names, RULES)
        if not now.wanted:
            break
        missing = [name for name, number in now.wanted.items() if have[name] < number]
        have[generator.choice(missing)] += 1
    assert now == whole


def test_bounds_are_welchs_where_no_arm_is_surer_than_the_median() -> None:
    """With two arms of one spread the shrunk variance is the own one, with more degrees of freedom."""
    alike = contrasts(moments(np.array([[0.70, 0.72, 0.74], [0.74, 0.72, 0.70]])))
    error = np.sqrt(2 * 0.02**2 / 3)
    assert alike.bound(np.array(0.99))[0, 1] == pytest.approx(stats.t.ppf(0.99, 2 * (2 + 2)) * error)


@pytest.mark.parametrize(
    ("arms", "runs", "freedom"), [(2, 2, 1 + 1), (2, 3, 2 + 2), (3, 2, 1 + 2), (5, 2, 1 + 4), (2, 9, 8 + 4)]
)
def test_other_arms_tell_of_an_arms_spread_no_more_than_their_runs_can(arms: int, runs: int, freedom: int) -> None:
    """They have (arms - 1) (runs - 1) degrees of freedom together; four of them count at most."""
    scores = 0.7 + 0.01 * np.random.default_rng(0).standard_normal((arms, runs))
    assert moments(scores).freedoms == pytest.approx(np.full(arms, freedom))


def test_who_is_ahead_is_said_with_bounds_that_agree_with_the_claims() -> None:
    found = standing({"a": runs(0.9), "b": runs(0.8), "c": runs(0.7)}, ["b", "a", "c"], RULES)
    assert found.leader == "a"
    assert found.ahead["b"].estimate == pytest.approx(-0.1)
    assert found.ahead["b"].low < -0.1 < found.ahead["b"].high < RULES.margin
    open_ = standing({"a": runs(0.9, 0.05), "b": runs(0.89, 0.05)}, ["a", "b"], RULES)
    assert open_.threats == ("b",)
    assert open_.ahead["b"].high > RULES.margin


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=2, max_size=5), st.floats(0, 0.5))
def test_an_arm_is_a_threat_where_its_bound_says_so(values: list[list[float]], margin: float) -> None:
    """Claims come from p-values and bounds from quantiles, which are two ways to the same answer."""
    names = [f"arm {number}" for number in range(len(values))]
    rules = dataclasses.replace(RULES, margin=margin)
    found = standing(dict(zip(names, values, strict=True)), names, rules)
    for arm, of in found.ahead.items():
        if abs(of.high - margin) > 1e-9:
            assert (arm in found.threats) == (of.high > margin)
        if of.low > margin + 1e-9:
            assert found.leader in found.worse


def test_bounds_only_tighten_from_look_to_look() -> None:
    scores = {"a": runs(0.9, 0.02), "b": runs(0.89, 0.02)}
    first = standing({arm: of[:3] for arm, of in scores.items()}, ["a", "b"], RULES)
    second = standing(scores, ["a", "b"], RULES)
    assert (first.looks, second.looks) == (1, 2)
    assert second.ahead["b"].high <= first.ahead["b"].high
    assert second.ahead["b"].low >= first.ahead["b"].low


def test_without_steepness_an_order_does_not_matter() -> None:
    """One look at arms that nobody has ordered: the same claims and bounds, whichever is named first."""
    rules = Rules(looks=(5,), steepness=0)
    scores = {"a": runs(0.9), "b": runs(0.9005), "c": runs(0.88, 0.01), "d": runs(0.7)}
    one, other = standing(scores, ["a", "b", "c", "d"], rules), standing(scores, ["d", "c", "b", "a"], rules)
    assert set(one.start) == set(other.start) == {"a", "b"}
    assert set(one.worse) == set(other.worse) == {"d"}
    assert one.ahead == other.ahead
    steep = Rules(looks=(5,))
    assert standing(scores, ["a", "b", "c", "d"], steep).ahead != standing(scores, ["d", "c", "b", "a"], steep).ahead


def test_runs_that_are_all_alike_vary_not_at_all() -> None:
    found = standing({"a": [0.9] * 5, "b": [0.9] * 5, "c": [0.85] * 5}, ["a", "b", "c"], RULES)
    assert set(found.start) == {"a", "b"}
    assert found.worse == ("c",)


def test_a_variance_is_never_below_the_arms_own() -> None:
    scores = np.array([[0.5, 0.7, 0.9], [0.70, 0.71, 0.72], [0.69, 0.70, 0.71]])
    assert (moments(scores).variances >= scores.var(axis=1, ddof=1) / 3 - 1e-15).all()


def test_new_patients_add_the_variance_of_a_difference() -> None:
    found = moments(np.array([runs(0.9), runs(0.88)]))
    apart = OverPatients(np.array([[4e-4, 0.0], [0.0, 4e-4]]), 59)
    together = OverPatients(np.array([[4e-4, 4e-4], [4e-4, 4e-4]]), 59)
    same = contrasts(found).errors
    assert contrasts(found, together).errors == pytest.approx(same)
    assert contrasts(found, apart).errors[1, 0] == pytest.approx(np.sqrt(8e-4 + found.variances.sum()))
    assert contrasts(found, apart).freedoms[1, 0] == pytest.approx(59, rel=0.05)


@pytest.mark.parametrize("level", [0.3, 0.05, 0.001])
def test_a_claim_is_made_where_the_bound_of_its_level_is_beyond_the_limit(level: float) -> None:
    drawn = np.random.default_rng(5).normal(0.8, 0.02, (6, 4))
    apart, levels = contrasts(moments(drawn)), np.full(6, level)
    for limit in (-0.01, 0.0, 0.02):
        no_higher, higher = apart.claims(limit, levels, levels)
        assert (no_higher == (apart.bound(1 - levels) <= limit)).all()
        assert (higher == (apart.bound(levels) > limit)).all()
    assert (apart.bound(np.zeros(6)) == -np.inf).all()
    assert not apart.claims(-1.0, levels, np.zeros(6))[1].any()


@pytest.mark.parametrize(
    "changes",
    [
        {"looks": ()},
        {"looks": (1, 3)},
        {"looks": (5, 3)},
        {"margin": -1.0},
        {"level": 0.0},
        {"level": 1.0},
        {"steepness": -1},
    ],
)
def test_rules_that_cannot_be_kept_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected a margin of 0 or more"):
        dataclasses.replace(RULES, **changes)  # type: ignore[arg-type]


def test_an_order_names_each_arm_once() -> None:
    with pytest.raises(ValueError, match="an order of two or more arms"):
        standing({"a": [0.5], "b": [0.5]}, ["a", "a"], RULES)


def test_a_race_has_seventy_percent_of_the_full_grids_runs_less_those_of_the_tuning() -> None:
    """14 arms at 3 rates: 14 x (3 + 10) = 182 runs, of which 70 % are 127.4, and 42 of them tune."""
    assert full_grid(14, 3) == 182
    assert Rules.of_grid(14, 3) == Rules(most=85)
    assert Rules.of_grid(2, 3, margin=0.02, level=0.1, share=1.0) == Rules(0.02, 0.1, most=20)


def test_a_share_of_the_grid_that_ends_before_the_first_look_is_refused() -> None:
    with pytest.raises(ValueError, match="leave 19 runs after the tuning, too few for 2 of each arm"):
        Rules.of_grid(10, 17)


def test_no_further_run_is_wanted_where_the_patients_are_too_few() -> None:
    """Runs that vary a little, at the margin's distance, and patients that vary much more than it."""
    scores = {"a": runs(0.9, 0.02), "b": runs(0.895, 0.02)}

    def few(arms: Sequence[str], number: int) -> OverPatients:
        return OverPatients(4e-4 * np.eye(len(arms)), 29)

    def many(arms: Sequence[str], number: int) -> OverPatients:
        return OverPatients(1e-9 * np.eye(len(arms)), 2999)

    first = {arm: of[:3] for arm, of in scores.items()}
    assert standing(first, ["a", "b"], RULES).wanted == {"a": 5, "b": 5}
    assert standing(first, ["a", "b"], RULES, many).wanted == {"a": 5, "b": 5}
    found = standing(scores, ["a", "b"], RULES, few)
    assert (found.looks, found.wanted, found.start, found.threats) == (1, {}, (), ("b",))


def test_scores_that_tie_by_rounding_do_not_say_that_nothing_varies() -> None:
    """Of 50 images one more is right or wrong: 2 points."""
    scores = {"a": [0.90, 0.90], "b": [0.90, 0.90]}
    rules = Rules(margin=0.01, looks=(2, 3))
    assert standing(scores, ["a", "b"], rules).start == ("a", "b")
    rounded = dataclasses.replace(rules, step=0.02)
    assert standing(scores, ["a", "b"], rounded).start == ()
    assert moments(np.array([[0.9, 0.9], [0.1, 0.1]]), 0.02).variances == pytest.approx(0.02**2 / 12 / 2)
    wide = np.array([[0.9, 0.7], [0.3, 0.1]])
    assert moments(wide, 0.02).variances == pytest.approx(moments(wide).variances)


@pytest.mark.parametrize("arms", [2, 3])
def test_coarse_scores_make_no_more_false_claims_than_the_level(arms: int) -> None:
    """The arm that is better by 1.1 points, just over the margin, varies by half a step, as the others do."""
    generator, names = np.random.default_rng(0), [str(arm) for arm in range(arms)]
    rules = Rules(margin=0.01, step=0.02)
    truth = 0.85 + 0.011 * (np.arange(arms) == 0)
    false = 0
    for _ in range(300):
        values = truth[:, None] + 0.01 * generator.standard_normal((arms, rules.looks[-1]))
        scores = dict(zip(names, np.round(values / 0.02) * 0.02, strict=True))
        found = standing(scores, list(generator.permutation(names)), rules)
        false += "0" in found.worse or any(name != "0" for name in found.start)
    assert false <= 300 * rules.level


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.floats(1e-4, 0.05))
def test_of_new_patients_nothing_is_claimed_more_surely_than_of_these(seed: int, spread: float) -> None:
    generator = np.random.default_rng(seed)
    scores = {arm: list(np.clip(0.8 + 0.02 * generator.standard_normal(5), 0, 1)) for arm in "abc"}

    def patients(arms: Sequence[str], number: int) -> OverPatients:
        return OverPatients(spread**2 * np.eye(len(arms)), 200)

    rules = dataclasses.replace(RULES, looks=(5,))
    these, new = standing(scores, list("abc"), rules), standing(scores, list("abc"), rules, patients)
    assert set(new.start) <= set(these.start)
    assert set(new.worse) <= set(these.worse)
    for arm, interval in new.ahead.items():
        assert interval.low <= these.ahead[arm].low + 1e-12
        assert interval.high >= these.ahead[arm].high - 1e-12
