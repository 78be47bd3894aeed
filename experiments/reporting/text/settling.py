"""What would settle a race that ended undecided, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.settling import MOST_PATIENTS, MOST_RUNS, SURE, Needed, Settling
from experiments.reporting.text.words import listed
from experiments.tables.decided import Reader


def settled_by(found: Mapping[Reader, Settling]) -> tuple[str, ...]:
    """A sentence or two for each reader for whom something is open.

    Args:
        found: what would settle it, by reader.
    """
    sentences = []
    for reader, one in found.items():
        where = "On these images" if reader == "these images" else "For new patients"
        rows = f"{one.leader} and {listed(list(one.against))}"
        sentences.append(f"{where}, {_what(one.start, reader, rows)}, were the means what they seem.")
        if reader == "new patients":
            sentences.append(_uncertain(one))
    return tuple(sentence for sentence in sentences if sentence)


def _what(needed: Needed, reader: Reader, rows: str) -> str:
    """``6 more runs each of A and B would settle it in 80 % of cases; 40 more test patients would not``."""
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
    """Where the uncertainty of the difference to each threat comes from."""
    parts = []
    for row, split in found.split.items():
        if split.patients is not None and (total := split.seeds + split.patients) > 0:
            parts.append((split.patients / total, row))
    if not parts:
        return ""
    share, row = max(parts)
    return (
        f"Of what the difference of {row} to {found.leader} is uncertain by, {share:.0%} is the test patients' part "
        f"and {1 - share:.0%} the runs'."
    )
