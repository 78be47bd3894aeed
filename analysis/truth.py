"""Whether what is known to be true is what the tests say: recovered, undecided or wrong.

A claim is true by construction. The tests of a table are asked about it: it is recovered where they state it, wrong
where they state its opposite, and undecided where they state neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.censored import Duration, log_rank_scores, permuted_log_rank
from analysis.equivalence import equivalence
from analysis.statistics import holm, t_test

Verdict = Literal["recovered", "undecided", "wrong"]
Kind = Literal["better", "no worse", "equal", "not different", "sooner", "no later"]

OF_STEPS = ("sooner", "no later")
"""Claims about times; the others are about scores."""


@dataclass(frozen=True)
class Claim:
    """What is true of two rows.

    Attributes:
        row: the row that it is about.
        kind: ``better``: its scores are higher by more than the margin. ``no worse``: they are lower by less than the
            margin, if at all. ``equal``: they differ by less than the margin. ``not different``: both rows are runs of
            one and the same thing, so no difference may be found. ``sooner``: it reaches the threshold earlier by more
            than the margin. ``no later``: it does so later by less than the margin, if at all.
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
    """What the tests say of a claim.

    Attributes:
        claim: that was asked about.
        verdict: ``recovered``, ``undecided`` or ``wrong``.
        p_for: of the test that would state the claim, after Holm's correction over all claims; None: nothing tests it.
        p_against: of the test that would state its opposite, likewise.
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
    """What the tests say of each claim.

    Scores are compared by t-tests with pooled variance and shown equal by two one-sided ones, times by the permuted
    log-rank test, where a margin is added to one side's times. Holm's correction is over the claims, once for what
    would state them and once for what would state their opposites, so that where all claims are true, the probability
    that one of them is called wrong is at most the level.

    Args:
        claims: that are true.
        scores: by row, in [0, 1], one per run.
        times: by row, one per run; rows of which nothing is claimed may be left out.
        level: of the tests, in (0, 1).
    """
    return judged_together([(claim, scores, times) for claim in claims], level)


def judged_together(
    asked: Sequence[tuple[Claim, Mapping[str, Sequence[float]], Mapping[str, Sequence[Duration]]]], level: float
) -> tuple[Judgement, ...]:
    """What the tests say of claims about different tasks, each with scores and times of its own.

    Holm's correction is over all of them.

    Args:
        asked: claims, each with scores and times by row.
        level: of the tests, in (0, 1).
    """
    evidence = [_evidence(*one) for one in asked]
    p_for, p_against = (holm([one[side] for one in evidence]) for side in (0, 1))
    found = []
    for (claim, scores, _), of, against in zip(asked, p_for, p_against, strict=True):
        verdict: Verdict = "undecided"
        if against is not None and against < level:
            verdict = "wrong"
        elif claim.kind == "not different":
            both = all(len(scores.get(row, ())) > 1 for row in (claim.row, claim.than))
            verdict = "recovered" if both else "undecided"
        elif of is not None and of < level:
            verdict = "recovered"
        found.append(Judgement(claim, verdict, of, against))
    return tuple(found)


def overall(judgements: Sequence[Judgement]) -> Verdict:
    """Wrong if a claim is called wrong, recovered if all are recovered, else undecided; without claims undecided."""
    verdicts = {one.verdict for one in judgements}
    if "wrong" in verdicts:
        return "wrong"
    return "recovered" if verdicts == {"recovered"} else "undecided"


def _evidence(
    claim: Claim, scores: Mapping[str, Sequence[float]], times: Mapping[str, Sequence[Duration]]
) -> tuple[float | None, float | None]:
    """Uncorrected p-values of what would state a claim, and of what would state its opposite."""
    if claim.kind in OF_STEPS:
        return _evidence_of_times(claim, times.get(claim.row, ()), times.get(claim.than, ()))
    own, other, margin = scores.get(claim.row, ()), scores.get(claim.than, ()), claim.margin / 100
    if claim.kind == "not different":
        return None, t_test(own, other).p_value
    if claim.kind == "equal":
        if len(own) < 2 or len(other) < 2:
            return None, None
        above = t_test([one - margin for one in own], other, alternative="greater").p_value
        below = t_test([one + margin for one in own], other, alternative="less").p_value
        beyond = None if above is None or below is None else min(1.0, 2 * min(above, below))
        return equivalence(own, other, margin).p_value, beyond
    shift = margin if claim.kind == "no worse" else -margin
    moved = [one + shift for one in own]
    return t_test(moved, other, alternative="greater").p_value, t_test(moved, other, alternative="less").p_value


def _evidence_of_times(
    claim: Claim, own: Sequence[Duration], other: Sequence[Duration]
) -> tuple[float | None, float | None]:
    """The two-sided test counts on the side that the runs are on, and says nothing on the other."""
    if claim.kind == "no later":
        other = [Duration(one.time + claim.margin, one.reached) for one in other]
    else:
        own = [Duration(one.time + claim.margin, one.reached) for one in own]
    p_value = permuted_log_rank(own, other)
    if p_value is None:
        return None, None
    sooner = log_rank_scores([*own, *other])[: len(own)].sum() > 0
    return (p_value, 1.0) if sooner else (1.0, p_value)
