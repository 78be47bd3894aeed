"""Verdicts on claims whose truth is known: whether a table's tests recover them.

A claim is true by construction. It is recovered where the tests state it, wrong where they state its opposite, and
undecided where they state neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.equivalence import equivalence
from analysis.statistics import holm, t_test
from analysis.survival import Duration, log_rank_scores, permuted_log_rank

Verdict = Literal["recovered", "undecided", "wrong"]
Kind = Literal["better", "no worse", "equal", "not different", "sooner", "no later"]

OF_STEPS = ("sooner", "no later")
"""The kinds of claims that are about times; the others are about scores."""


@dataclass(frozen=True)
class Claim:
    """A statement about two rows that is true by construction.

    Attributes:
        row: the row that the claim is about.
        kind: ``better``: its scores are higher by more than the margin. ``no worse``: they are lower by less than the
            margin, if at all. ``equal``: they differ by less than the margin. ``not different``: the rows differ in
            nothing but their seeds, so that no difference should be found. ``sooner``: it reaches the threshold earlier
            by more than the margin. ``no later``: it reaches it later by less than the margin, if at all.
        than: the row that it is compared with.
        margin: 0 or more, in points of 100 for scores, in steps for times.
    """

    row: str
    kind: Kind
    than: str
    margin: float = 0.0

    def __post_init__(self) -> None:
        needed = self.kind in ("no worse", "equal", "no later")
        if self.margin < 0 or (needed and self.margin == 0) or (self.kind == "not different" and self.margin):
            raise ValueError(
                f'a claim that "{self.row}" is {self.kind} takes '
                f"{'a margin above 0' if needed else 'no margin' if self.kind == 'not different' else '0 or more'}, "
                f"found {self.margin:g}"
            )


@dataclass(frozen=True)
class Judgement:
    """The verdict of the tests on a claim.

    Attributes:
        claim: the claim that was asked about.
        verdict: ``recovered``, ``undecided`` or ``wrong``.
        p_for: the p-value of the test that would state the claim, after Holm's correction over all claims; None:
            nothing tests it.
        p_against: the p-value of the test that would state its opposite, corrected in the same way.
    """

    claim: Claim
    verdict: Verdict
    p_for: float | None
    p_against: float | None


def judged(
    claims: Sequence[Claim],
    scores: Mapping[str, Sequence[float]],
    times: Mapping[str, Sequence[Duration]],
    level: float,
) -> tuple[Judgement, ...]:
    """The verdict of the tests on each claim.

    Scores are compared by t-tests with pooled variance and shown to be equal by two one-sided tests. Times are compared
    by the permuted log-rank test, where a margin is added to one side's times. Holm's correction is over the claims,
    once for the tests that would state them and once for those that would state their opposites. So, where all claims
    are true, the probability that any of them is called wrong is at most the level.

    Args:
        claims: the claims, all of which are true by construction.
        scores: the scores of each row, one per run, in [0, 1].
        times: the times of each row, one per run; rows without a claim may be left out.
        level: the significance level of the tests, in (0, 1).
    """
    return judged_together([(claim, scores, times) for claim in claims], level)


def judged_together(
    asked: Sequence[tuple[Claim, Mapping[str, Sequence[float]], Mapping[str, Sequence[Duration]]]], level: float
) -> tuple[Judgement, ...]:
    """The verdict of the tests on claims about different tasks, each with scores and times of its own.

    Holm's correction is over all claims.

    Args:
        asked: the claims, each with the scores and times of its task by row.
        level: the significance level of the tests, in (0, 1).
    """
    evidence = [_evidence(*p_pair) for p_pair in asked]
    p_for, p_against = (holm([p_pair[side] for p_pair in evidence]) for side in (0, 1))
    judgements = []
    for (claim, scores, _), for_claim, against_claim in zip(asked, p_for, p_against, strict=True):
        verdict: Verdict = "undecided"
        if against_claim is not None and against_claim < level:
            verdict = "wrong"
        elif claim.kind == "not different":
            both = all(len(scores.get(row, ())) > 1 for row in (claim.row, claim.than))
            verdict = "recovered" if both else "undecided"
        elif for_claim is not None and for_claim < level:
            verdict = "recovered"
        judgements.append(Judgement(claim, verdict, for_claim, against_claim))
    return tuple(judgements)


def overall(judgements: Sequence[Judgement]) -> Verdict:
    """One verdict for several claims: wrong if any is wrong, recovered if all are recovered, and otherwise undecided.

    Without claims it is undecided.
    """
    verdicts = {judgement.verdict for judgement in judgements}
    if "wrong" in verdicts:
        return "wrong"
    return "recovered" if verdicts == {"recovered"} else "undecided"


def _evidence(
    claim: Claim, scores: Mapping[str, Sequence[float]], times: Mapping[str, Sequence[Duration]]
) -> tuple[float | None, float | None]:
    """The uncorrected p-values of the test that would state a claim and of the test that would state its opposite."""
    if claim.kind in OF_STEPS:
        return _evidence_of_times(claim, times.get(claim.row, ()), times.get(claim.than, ()))
    own, other, margin = scores.get(claim.row, ()), scores.get(claim.than, ()), claim.margin / 100
    if claim.kind == "not different":
        return None, t_test(own, other).p_value
    if claim.kind == "equal":
        if len(own) < 2 or len(other) < 2:
            return None, None
        above = t_test([score - margin for score in own], other, alternative="greater").p_value
        below = t_test([score + margin for score in own], other, alternative="less").p_value
        beyond = None if above is None or below is None else min(1.0, 2 * min(above, below))
        return equivalence(own, other, margin).p_value, beyond
    shift = margin if claim.kind == "no worse" else -margin
    moved = [score + shift for score in own]
    return t_test(moved, other, alternative="greater").p_value, t_test(moved, other, alternative="less").p_value


def _evidence_of_times(
    claim: Claim, own: Sequence[Duration], other: Sequence[Duration]
) -> tuple[float | None, float | None]:
    """The p-values for a claim about times and for its opposite.

    The p-value of the two-sided test counts for the direction that the runs show; for the other it is 1.
    """
    if claim.kind == "no later":
        other = [Duration(duration.time + claim.margin, duration.reached) for duration in other]
    else:
        own = [Duration(duration.time + claim.margin, duration.reached) for duration in own]
    p_value = permuted_log_rank(own, other)
    if p_value is None:
        return None, None
    sooner = log_rank_scores([*own, *other])[: len(own)].sum() > 0
    return (p_value, 1.0) if sooner else (1.0, p_value)
