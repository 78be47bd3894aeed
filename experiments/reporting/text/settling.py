"""Puts into sentences what would settle a race that ended undecided."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.settling import MOST_PATIENTS, MOST_RUNS, SURE, Needed, Settling, Split
from experiments.reporting.decided import Reader
from experiments.reporting.text.phrases import listed


def settled_by(found: Mapping[Reader, Settling]) -> tuple[str, ...]:
    """The sentences on what would settle a race: one or two for each reader for whom it is undecided.

    Args:
        found: the numbers of runs and patients that would settle it, by reader.
    """
    sentences = []
    for reader, one in found.items():
        where = "On these images" if reader == "these images" else "For new patients"
        rows = listed([one.leader, *one.against])
        sentences.append(f"{where}, {_what(one.start, reader, rows)}, were the means what they seem.")
        sentences.append(_uncertain(one))
    return tuple(sentence for sentence in sentences if sentence)


def _what(needed: Needed, reader: Reader, rows: str) -> str:
    """Half a sentence as in ``6 more runs each of A and B would settle it in 80% of cases; 40 more test patients ...``.

    Args:
        needed: the numbers of runs and patients that would probably settle it.
        reader: the reader for whom it is undecided.
        rows: the rows that need more runs, in words.
    """
    probably = f"would settle it in {SURE:.0%} of cases"
    runs, patients = _counted(needed.runs, "run"), _counted(needed.patients, "test patient")
    if reader == "these images":
        return (
            f"{runs} each of {rows} {probably}"
            if runs
            else f"not even {MOST_RUNS} more runs each of {rows} {probably}: they are too close for this margin"
        )
    if runs and patients:
        return f"{runs} each of {rows} {probably}, or {patients}"
    if runs:
        return f"{runs} each of {rows} {probably}; {MOST_PATIENTS:,} more test patients would not"
    if patients:
        return f"{patients} {probably}; {MOST_RUNS} more runs each of {rows} would not"
    return f"neither {MOST_RUNS} more runs each of {rows} nor {MOST_PATIENTS:,} more test patients {probably}"


def _counted(number: int | None, noun: str) -> str:
    return "" if number is None else f"{number:,} more {noun}{'' if number == 1 else 's'}"


def _uncertain(found: Settling) -> str:
    """The sentence on where the uncertainty of a difference comes from; empty where it comes from the runs alone.

    Of several threats, it is about the difference of the leader to the one where the share of the runs is smallest.
    """
    shares = {row: parts for row, split in found.split.items() if (parts := _parts(split))}
    if not shares:
        return ""
    row, parts = min(shares.items(), key=lambda one: list(one[1].values())[-1])
    told = [f"{share:.0%} {'is ' if number == 0 else ''}{words}" for number, (words, share) in enumerate(parts.items())]
    return f"Of what the difference of {row} to {found.leader} is uncertain by, {listed(told)}."


def _parts(split: Split) -> dict[str, float]:
    """The shares of the variance in [0, 1] by their causes in words, that of the runs last.

    They are empty if the variance comes from the runs alone.
    """
    found = {"the test patients' part": split.patients, "the part of the learning rates' picks": split.rates}
    beside = {words: variance for words, variance in found.items() if variance is not None}
    total = split.seeds + sum(beside.values())
    if not beside or not total:
        return {}
    every = beside | {"the runs'" if split.rates is None else "the seeds'": split.seeds}
    return {words: variance / total for words, variance in every.items()}
