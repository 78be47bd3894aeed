"""What a race of initializations advises: in sentences and drawn, how reliable that is, and what was fixed before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line, Said
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.decided import READERS, Analysis, Contender, Decided, Reading
from experiments.reporting.drawings.race import bar_of, draw_race, in_order
from experiments.reporting.text.advice import certain, looks_of, one_in
from experiments.reporting.text.claims import points
from experiments.tables.document import TableDocument

LEADING = 4
"""The number of sentences that are shown large: the advice, new patients, how sure it is, what would change it."""

HEADER = ("Learning rate", "Runs", "Mean, %", "Rested")


@dataclass(frozen=True)
class Advice:
    """The advice of a race on which initialization to start from.

    Attributes:
        sentences: the advice in sentences, where an alarm comes first if there is one.
        decided: the outcome of the race that the sentences are about; None: it is not known, and only the sentences
            are.
    """

    sentences: tuple[str, ...]
    decided: Decided | None = None


def recommendation() -> Kind:
    """The blocks of tables that a race decided."""
    return Kind(order=10, tell=_tell, part=Advice, check=_check, endings=("-race",))


def decided_of(document: TableDocument) -> Decided | None:
    """The outcome of the race that a table was decided by; None if there was none."""
    part = document.part(Advice)
    return part.decided if part else None


def _check(document: TableDocument) -> None:
    if (decided := decided_of(document)) is None:
        return
    named = {each.row for each in decided.order}.union(*(_named(each) for each in decided.readings))
    if unknown := named - set(dict(document.rows)):
        raise ValueError(f"the race names {', '.join(sorted(unknown))}; expected rows of the table")
    if unraced := named - {each.row for each in decided.order}:
        raise ValueError(f"conclusions name {', '.join(sorted(unraced))}; expected rows that took part in the race")
    if not 0 < decided.analysis.level < 1:
        raise ValueError(f"level {decided.analysis.level} is not in (0, 1)")


def _named(reading: Reading) -> set[str]:
    leader = () if reading.leader is None else (reading.leader,)
    return {*reading.start, *reading.worse, *reading.threats, *reading.ahead, *leader}


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(Advice)
    if part is None:
        return
    decided = part.decided
    alarm = decided is not None and decided.alarm
    tones = ["warning"] * alarm + ["strong"] + ["plain"] * (LEADING - 1)
    tones += ["soft"] * max(0, len(part.sentences) - len(tones))
    said = tuple(Said(text, tone) for text, tone in zip(part.sentences, tones, strict=False))
    if decided is None:
        yield Block(place="first", said=said)
        return
    drawing = lambda: draw_race(document, decided)  # noqa: E731
    drawn = any(reading.leader is not None for reading in decided.readings)
    yield Block(
        place="first", said=said, drawing=drawing if drawn else None, data=lambda: _data(decided),
        ending="-race",
    )  # fmt: skip
    yield Block(
        title="How reliable this is", place="first", notes=_reliability(decided.analysis), folded=True, detail=True
    )  # fmt: skip
    rules = tuple(Line(name, (Entry(text),)) for name, text in _rules(decided.analysis))
    yield Block(
        title="The rules, fixed before the first look", place="first", corner="rule",
        header=(Heading("What was fixed", wordy=True),), lines=rules, folded=True, detail=True,
    )  # fmt: skip
    header = (*HEADER, *(f"Ahead, {reader}" for reader in READERS))
    lines = tuple(_line(decided, decided.contender(row)) for row in in_order(decided))
    yield Block(
        title="The race: learning rates, runs, means and who rested", place="first", corner="initialization",
        header=tuple(Heading(title) for title in header), lines=lines, folded=True, detail=True,
    )  # fmt: skip


def _reliability(analysis: Analysis) -> tuple[str, ...]:
    """Notes on how reliable the advice is."""
    before = "Others have looked at these test images before, so that nothing of this is promised of this comparison."
    return (
        f"At most {one_in(analysis.level)} of such comparisons is meant to make any false claim to a reader, at "
        "whichever of the looks it ends. The tests behind it keep to that for normally distributed scores.",
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


def _line(decided: Decided, one: Contender) -> Line:
    """The line of a row: picked rates, runs, mean, when it rested, and how far it is ahead of each reader's leader."""
    mean = one.mean
    entries = [
        Entry(", ".join(f"{rate:g}" for rate in dict.fromkeys(one.rates)), one.rates[0]),
        Entry(str(len(one.scores)), len(one.scores)),
        Entry("-") if mean is None else Entry(f"{100 * mean:.2f}", mean),
        Entry("-") if one.rested is None else Entry(f"at {one.rested} runs", one.rested),
    ]
    for reader in READERS:
        reading = decided.reading(reader)
        of = reading.ahead.get(one.row)
        if of is None:
            entries.append(Entry("leads", 0.0) if one.row == reading.leader else Entry("-"))
        else:
            entries.append(Entry(str(bar_of(of)), of.estimate))
    return Line(one.row, tuple(entries), one.row)


def _data(decided: Decided) -> DataRows:
    """How far each row is ahead of each reader's leader, in points, a line each."""
    lines = [
        [reading.reader, row, reading.leader, *bar_of(ahead).numbers()]
        for reading in decided.readings
        for row, ahead in reading.ahead.items()
    ]
    return [("reader", "row", "ahead_of", "points", "low", "high"), *lines]
