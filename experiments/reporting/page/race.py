"""What the page shows of a race: the advice, its picture, and behind a click how reliable it is and what was fixed."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.reporting.drawings.race import bar_of, in_order
from experiments.reporting.text.advice import advice, certain, looks_of, one_in
from experiments.reporting.text.claims import points
from experiments.tables.decided import READERS, Analysis, Contender, Decided
from experiments.tables.document import TableDocument

LEADING = 4
"""Sentences that are shown large: the advice, new patients, how sure, and what would change it."""

HEADER = ("Initialization", "Learning rate", "Runs", "Mean, %", "Rested")


@dataclass(frozen=True)
class Race:
    """What the template shows.

    Attributes:
        alarm: that the control is found different; empty: it is not.
        sentences: the advice first.
        further: more sentences, in small print.
        reliability: how often the method errs, and where that is shown.
        rules: what was fixed before the first look, as names and texts.
        header: of the table.
        lines: of the table: a text, and what it is sorted by, for each column.
    """

    alarm: str
    sentences: tuple[str, ...]
    further: tuple[str, ...]
    reliability: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    header: tuple[str, ...]
    lines: tuple[tuple[tuple[str, str | float], ...], ...]


def race_of(document: TableDocument) -> Race | None:
    """The race of a table; None if there was none."""
    decided = document.decided
    if decided is None:
        return None
    sentences = document.recommendation or advice(decided, document.edition)
    alarm = sentences[0] if decided.alarm else ""
    sentences = sentences[1:] if alarm else sentences
    readers = [f"Ahead, {reader}" for reader in READERS]
    return Race(
        alarm=alarm,
        sentences=sentences[:LEADING],
        further=sentences[LEADING:],
        reliability=_reliability(decided.analysis),
        rules=_rules(decided.analysis),
        header=(*HEADER, *readers),
        lines=tuple(_line(decided, decided.contender(row)) for row in in_order(decided)),
    )


def _reliability(analysis: Analysis) -> tuple[str, ...]:
    """In words, without a number that is not shown."""
    before = "Others have looked at these test images before, so that nothing of this is promised of this comparison."
    return (
        f"At most {one_in(analysis.level)} of such comparisons is meant to make any false claim to a reader, at "
        "whichever of the looks it ends. The tests behind it hold that of scores that vary as normal ones do.",
        "How often claims are false, how often something is settled, and for how many runs, was counted in comparisons "
        "whose truth is known, of unequal spreads, of heavy tails and of runs that collapse too. docs/decisions.md of "
        "this project shows what was counted, and python -m benchmarks.decisions counts again.",
        *((before,) if analysis.others else ()),
    )


def _rules(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    others = ", ".join(f"{count} by {digest}" for digest, count in analysis.others.items())
    return (
        ("Analysis", f"{analysis.digest}, fixed before the first look at test scores"),
        ("Margin", f"{points(analysis.margin)}: a difference of no more does not matter"),
        ("Level", f"{certain(analysis.level)} for all claims to a reader together"),
        (
            "Looks",
            f"at {looks_of(analysis)} runs of each that still races; {analysis.looked} of {len(analysis.looks)} made",
        ),
        ("Budget", analysis.budget or "none"),
        ("Looks of other analyses at these test images", others or "none"),
    )


def _line(decided: Decided, one: Contender) -> tuple[tuple[str, str | float], ...]:
    """A row: label, picked rate, runs, mean, where it rested, and how far it is ahead of each reader's leader."""
    mean = one.mean
    cells: list[tuple[str, str | float]] = [
        (one.row, one.row),
        (", ".join(f"{rate:g}" for rate in dict.fromkeys(one.rates)), one.rates[0]),
        (str(len(one.scores)), len(one.scores)),
        ("-", "") if mean is None else (f"{100 * mean:.2f}", mean),
        ("-", "") if one.rested is None else (f"at {one.rested} runs", one.rested),
    ]
    for reader in READERS:
        reading = decided.reading(reader)
        of = reading.ahead.get(one.row)
        if of is None:
            cells.append(("leads", 0.0) if one.row == reading.leader else ("-", ""))
        else:
            cells.append((str(bar_of(of)), of.estimate))
    return tuple(cells)
