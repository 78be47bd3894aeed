"""What a decision claims, in words: what to start from, what is shown worse, what is undecided.

Nothing here calls two initializations equal, or one as good as another, unless that was shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.reporting.decided import Reading
from experiments.reporting.text.phrases import listed

DECIMALS = 1
"""The number of decimals of bounds in points, which are rounded so that the claim becomes weaker."""


@dataclass(frozen=True)
class Wording:
    """How claims are put into words.

    Attributes:
        margin: the largest difference that does not matter, on the scale of scores in [0, 1].
        side: the word for what is compared: ``initialization``, or ``row`` or ``column`` of a table.
        where: the words for what claims are about, such as ``on these images``; empty: that is said elsewhere.
    """

    margin: float
    side: str = "initialization"
    where: str = ""

    def about(self, claim: str) -> str:
        """A claim after the words for what it is about."""
        return f"{self.where} {claim}".lstrip()


def points(value: float) -> str:
    """A difference on the scale of scores in words, as in ``1 point`` or ``0.5 points``."""
    return f"{100 * value:g} point{'' if f'{100 * value:g}' == '1' else 's'}"


def at_least(value: float) -> str:
    """A lower bound on the scale of scores in points, rounded down."""
    scale = 10**DECIMALS
    return points(math.floor(100 * value * scale + 1e-9) / scale / 100)


def at_most(value: float) -> str:
    """An upper bound on the scale of scores in points, rounded up."""
    scale = 10**DECIMALS
    return points(math.ceil(100 * value * scale - 1e-9) / scale / 100)


def called(row: str) -> str:
    """The label of a row, in quotation marks where it could be mistaken for a list of labels."""
    return f'"{row}"' if any(mark in row for mark in (",", " and ", " or ")) else row


def either(names: Sequence[str]) -> str:
    """All names as alternatives, as in ``A``, ``A or B`` or ``A, B or C``, since each is one to start from."""
    told = [called(name) for name in names]
    return " or ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def several(names: Sequence[str]) -> str:
    """A list of labels as in ``A, B, C and 3 more``."""
    return listed([called(name) for name in names])


def starting(reading: Reading, wording: Wording) -> str:
    """The sentence on what to start from, or on the rows between which that is undecided."""
    size, side = points(wording.margin), wording.side
    if reading.refused:
        return _capital(f"{wording.about('nothing is concluded')} ({reading.refused}).")
    if reading.leader is None:
        return _capital(f"{wording.about('nothing could be looked at')}, so nothing is advised.")
    if len(reading.start) == 1:
        return (
            f"Start from {called(reading.start[0])}: {wording.about(f'no other {side} is better by more than {size}')}."
        )
    if reading.start:
        equal = f"they are shown equal within {size}"
        others = len(reading.ahead) + 1 - len(reading.start)
        rest = f", and no other {side} is better than one of them by more than that" if others else ""
        return f"Start from {either(reading.start)}: {wording.about(equal)}{rest}."
    if len(reading.open) == 1:  # no other row is a threat to the leader any more
        return f"Undecided: {wording.about(f'{called(reading.leader)} is not shown to be within {size} of the best')}."
    unshown = f"none of them is shown to be within {size} of the best"
    return f"Undecided between {several(reading.open)}: {wording.about(unshown)}."


def worse(reading: Reading, margin: float) -> str:
    """The rows that are shown to be worse, with lower bounds where they are known; those farthest behind come first.

    It is half a sentence, and empty if no row is shown to be worse.
    """
    told = []
    for behind, row in sorted(((_behind(reading, row), row) for row in reading.worse), key=lambda one: -one[0]):
        behind_whom = f" (at least {at_least(behind)} behind {called(str(reading.leader))})" if behind > margin else ""
        told.append(f"{called(row)}{behind_whom}")
    return listed(told)


def _behind(reading: Reading, row: str) -> float:
    """The lower bound of how far a row is behind the leader, on the scale of scores; 0 where it is not known."""
    of = reading.ahead.get(row)
    return 0.0 if of is None or of.high is None else -of.high


def missed(reading: Reading) -> str:
    """The sentence on how far an undecided row may be ahead of the leader; empty where the race is decided."""
    if len(reading.open) < 2:
        return ""
    bounds = [(of.high if (of := reading.ahead.get(row)) else None) for row in reading.open[1:]]
    known = [bound for bound in bounds if bound is not None]
    lead = f"{called(str(reading.leader))} has the highest mean"
    if len(known) < len(bounds):
        return f"{lead}, and how far another may be ahead of it is not known."
    return f"{lead}, and another may be ahead of it by up to {at_most(max(known))}: that is no equality."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
