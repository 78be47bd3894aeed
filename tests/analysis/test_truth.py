"""Known truths: recovered where the tests state them, wrong where they state the opposite, undecided else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.survival import Duration
from analysis.truth import Claim, Judgement, Kind, judged, overall

LOW = (0.500, 0.510, 0.490, 0.505, 0.495)
HIGH = (0.900, 0.910, 0.890, 0.905, 0.895)
WIDE = (0.30, 0.90, 0.50, 0.80, 0.40)


def verdict(claim: Claim, level: float = 0.01, **scores: tuple[float, ...]) -> str:
    (found,) = judged([claim], scores, {}, level)
    return found.verdict


@pytest.mark.parametrize(
    ("kind", "margin", "row", "than", "expected"),
    [
        ("better", 0, HIGH, LOW, "recovered"),
        ("better", 0, LOW, HIGH, "wrong"),
        ("better", 0, WIDE, LOW, "undecided"),
        ("better", 39, HIGH, LOW, "undecided"),
        ("better", 30, HIGH, LOW, "recovered"),
        ("better", 60, HIGH, LOW, "wrong"),
        ("no worse", 3, LOW, LOW, "recovered"),
        ("no worse", 3, HIGH, LOW, "recovered"),
        ("no worse", 3, LOW, HIGH, "wrong"),
        ("no worse", 3, WIDE, LOW, "undecided"),
        ("equal", 3, LOW, LOW, "recovered"),
        ("equal", 3, HIGH, LOW, "wrong"),
        ("equal", 3, LOW, HIGH, "wrong"),
        ("equal", 3, WIDE, LOW, "undecided"),
        ("equal", 0.1, LOW, LOW, "undecided"),
        ("not different", 0, LOW, LOW, "recovered"),
        ("not different", 0, WIDE, LOW, "recovered"),
        ("not different", 0, HIGH, LOW, "wrong"),
        ("not different", 0, (0.5,), LOW, "undecided"),
        ("better", 0, (), LOW, "undecided"),
        ("equal", 3, LOW, (), "undecided"),
    ],
)
def test_scores(kind: Kind, margin: float, row: tuple[float, ...], than: tuple[float, ...], expected: str) -> None:
    assert verdict(Claim("row", kind, "than", margin), row=row, than=than) == expected


def at(*steps: float, limit: float = 200) -> tuple[Duration, ...]:
    """Times to an event; those beyond the limit did not come."""
    return tuple(Duration(min(one, limit), one <= limit) for one in steps)


EARLY, LATE, NEVER = at(10, 20, 20, 30, 40, 30), at(100, 120, 110, 150, 130, 140), at(*[999] * 6)


@pytest.mark.parametrize(
    ("kind", "margin", "row", "than", "expected"),
    [
        ("sooner", 0, EARLY, LATE, "recovered"),
        ("sooner", 0, EARLY, NEVER, "recovered"),
        ("sooner", 0, LATE, EARLY, "wrong"),
        ("sooner", 0, EARLY, EARLY, "undecided"),
        ("sooner", 50, EARLY, LATE, "recovered"),
        ("sooner", 150, EARLY, LATE, "wrong"),
        ("no later", 50, EARLY, EARLY, "recovered"),
        ("no later", 50, EARLY, LATE, "recovered"),
        ("no later", 50, LATE, EARLY, "wrong"),
        ("no later", 100, LATE, EARLY, "undecided"),
        ("no later", 50, NEVER, NEVER, "undecided"),
        ("no later", 50, EARLY, (), "undecided"),
    ],
)
def test_times(kind: Kind, margin: float, row: tuple[Duration, ...], than: tuple[Duration, ...], expected: str) -> None:
    (found,) = judged([Claim("row", kind, "than", margin)], {}, {"row": row, "than": than}, 0.01)
    assert found.verdict == expected


def test_p_values_are_those_of_the_tables_tests_after_holm_over_the_claims() -> None:
    generator = np.random.default_rng(0)
    a, b, c = (tuple(generator.normal(mean, 0.02, 6)) for mean in (0.55, 0.50, 0.51))
    claims = [Claim("a", "better", "b"), Claim("c", "equal", "b", 5), Claim("c", "not different", "b")]
    found = judged(claims, {"a": a, "b": b, "c": c}, {}, 0.05)
    greater = stats.ttest_ind(a, b, alternative="greater").pvalue
    equal = max(
        stats.ttest_ind(np.array(c) + 0.05, b, alternative="greater").pvalue,
        stats.ttest_ind(np.array(c) - 0.05, b, alternative="less").pvalue,
    )
    one, other = sorted((greater, equal))
    corrected = {one: 2 * one, other: max(2 * one, other)}
    assert found[0].p_for == pytest.approx(corrected[greater])
    assert found[1].p_for == pytest.approx(corrected[equal])
    assert found[2].p_for is None
    against = [stats.ttest_ind(a, b, alternative="less").pvalue, None, stats.ttest_ind(c, b).pvalue]
    assert found[2].p_against == pytest.approx(min(1.0, 3 * against[2]))


def test_a_world_is_wrong_if_a_claim_is_and_recovered_if_all_are() -> None:
    def of(*verdicts: str) -> str:
        claim = Claim("a", "better", "b")
        return overall([Judgement(claim, one, None, None) for one in verdicts])  # type: ignore[arg-type]

    assert of("recovered", "recovered") == "recovered"
    assert of("recovered", "undecided") == "undecided"
    assert of("recovered", "undecided", "wrong") == "wrong"
    assert of() == "undecided"


@pytest.mark.parametrize(
    ("kind", "margin"), [("equal", 0), ("no worse", 0), ("no later", 0), ("better", -1), ("not different", 1)]
)
def test_a_margin_that_does_not_fit_is_refused(kind: Kind, margin: float) -> None:
    with pytest.raises(ValueError, match=f'"row" is {kind} takes .*, found {margin}'):
        Claim("row", kind, "than", margin)
