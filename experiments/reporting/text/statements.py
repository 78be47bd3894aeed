"""What a paper states of a table's rows, and what was found here, in words with effect sizes and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.truth import OF_STEPS, Verdict
from experiments.reporting.text.verdicts import claim_text
from experiments.reporting.text.words import listed
from experiments.tables.document import TableDocument
from experiments.tables.stated import Effect

WORDS: dict[Verdict, str] = {"recovered": "seen here", "undecided": "not settled here", "wrong": "contradicted here"}
"""What the tests say of what a paper states, which is not known to be true."""

MIXED = "mixed"
"""Of a statement whose contrasts do not agree."""


@dataclass(frozen=True)
class Contrasted:
    """One contrast in words.

    Attributes:
        asked: what the statement would mean.
        found: both rows' means, their difference and its interval.
        verdict: what the tests make of it.
        word: the same, as people read it.
    """

    asked: str
    found: str
    verdict: Verdict
    word: str


@dataclass(frozen=True)
class Found:
    """A statement and what was found of it.

    Attributes:
        sentence: the statement.
        source: where it stands.
        summary: over its contrasts: ``seen here``, or in how many what was found.
        verdict: of all its contrasts where they agree; else ``undecided``.
        lines: one for each.
    """

    sentence: str
    source: str
    summary: str
    verdict: Verdict
    lines: Sequence[Contrasted]


def found_of(document: TableDocument) -> list[Found]:
    """Every statement that the table was asked about."""
    found = []
    for one in document.examined:
        verdicts = [effect.judgement.verdict for effect in one.effects]
        verdict: Verdict = verdicts[0] if len(set(verdicts)) == 1 else "undecided"
        lines = [_line(document, effect) for effect in one.effects]
        found.append(Found(one.stated.sentence, one.stated.source, _summary(verdicts), verdict, lines))
    return found


def lead(document: TableDocument) -> str:
    """``Of 5 statements, 3 seen here, 1 contradicted here and 1 mixed.``."""
    words = [one.summary if one.summary in WORDS.values() else MIXED for one in found_of(document)]
    told = [f"{words.count(word)} {word}" for word in (*WORDS.values(), MIXED) if word in words]
    return f"Of {len(words)} statement{'s' if len(words) != 1 else ''}, {listed(told)}."


def statement_notes(document: TableDocument) -> list[str]:
    """The same in sentences, and how it is found; empty where a table was asked about none."""
    notes = []
    for one in found_of(document):
        lines = " ".join(f"{line.asked} ({line.found}): {line.word}." for line in one.lines)
        notes.append(f'"{one.sentence}" ({one.source}): {one.summary}. {lines}')
    return [*notes, method(document)] if notes else []


def method(document: TableDocument) -> str:
    """How a statement is examined."""
    return (
        f'"{WORDS["recovered"].capitalize()}": the tests state it (t-tests, two one-sided t-tests for equality, '
        f"permuted log-rank tests for steps; {document.level:.2g} level, Holm over these contrasts). "
        f'"{WORDS["wrong"].capitalize()}": they state its opposite. "{WORDS["undecided"].capitalize()}": neither. '
        "Differences come with the 95 % interval of Welch's test over seeds, uncorrected; a run that did not reach the "
        "threshold counts with the steps that it did. All is said of these tasks, networks and budgets alone."
    )


def _summary(verdicts: Sequence[Verdict]) -> str:
    counts = {verdict: verdicts.count(verdict) for verdict in WORDS}
    if max(counts.values()) == len(verdicts):
        return WORDS[verdicts[0]]
    told = [f"{WORDS[verdict].removesuffix(' here')} in {count}" for verdict, count in counts.items() if count]
    return f"{listed(told)} of {len(verdicts)}"


def _line(document: TableDocument, effect: Effect) -> Contrasted:
    judgement = effect.judgement
    there = f"reaches {100 * (document.threshold_of(effect.column) or 0):g} %"
    asked = f"{effect.column}: {claim_text(judgement.claim, document.directions[0], there)}"
    return Contrasted(asked, _found(document, effect), judgement.verdict, WORDS[judgement.verdict])


def _found(document: TableDocument, effect: Effect) -> str:
    """``7.51 points higher, 95 % interval +3.20 to +11.82 (90.71 beside 83.20)``."""
    if effect.difference is None:
        return "no runs"
    claim, of_steps = effect.judgement.claim, effect.judgement.claim.kind in OF_STEPS
    means = [_mean(document, row, effect.column, of_steps) for row in (claim.row, claim.than)]
    scale, unit, form = (1, "steps", ",.0f") if of_steps else (100, "points", ".2f")
    size, words = scale * effect.difference.estimate, ("later", "sooner") if of_steps else ("higher", "lower")
    interval = "no interval"
    if effect.difference.interval is not None:
        low, high = (f"{scale * end:+{form}}" for end in effect.difference.interval)
        interval = f"95 % interval {low} to {high}"
    side = words[0] if size > 0 else words[1] if size < 0 else "apart"
    return f"{abs(size):{form}} {unit} {side}, {interval} ({means[0]} beside {means[1]})"


def _mean(document: TableDocument, row: str, column: str, of_steps: bool) -> str:
    if of_steps:
        steps = document.efforts[row, column].steps
        mean = sum(one.time for one in steps) / len(steps)
        return f"{'' if all(one.reached for one in steps) else 'more than '}{mean:,.0f}"
    values = document.cells[row, column].values
    return f"{100 * sum(values) / len(values):.2f}"
