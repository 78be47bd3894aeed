"""Races of made-up scores of every outcome, decided as real ones are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.decision import OverPatients, Rules, standing
from experiments.reporting.blocks.recommendation import Advice
from experiments.reporting.decided import Analysis, Contender, Control, Decided, reading_of, refused
from experiments.reporting.text.advice import advice
from experiments.tables.document import Cell, TableDocument
from tests.experiments.example_table import document

RULES = Rules(margin=0.01, level=0.05, looks=(3, 5))
RATES = (1e-4, 1e-3, 3e-4)


def around(mean: float, spread: float = 0.002) -> tuple[float, ...]:
    """Five scores around a mean."""
    return tuple(round(mean + spread * sign, 4) for sign in (1, -1, 0, 0.5, -0.5))


def raced(
    scores: Mapping[str, Sequence[float]], patients: float | str = 0.001, settling: Sequence[str] = ()
) -> Decided:
    """A race that is over.

    Args:
        scores: of all runs that there could be, by row in the order of the tuning.
        patients: standard error of each mean over patients; a text refuses new patients.
        settling: what would settle the rest.
    """
    order, spread = list(scores), patients

    def over(arms: Sequence[str], runs: int) -> OverPatients:
        return OverPatients(np.eye(len(arms)) * float(spread) ** 2, 199)

    these = standing(scores, order, RULES)
    new = (
        refused("new patients", spread)
        if isinstance(spread, str)
        else reading_of("new patients", standing(scores, order, RULES, over))
    )
    most = RULES.looks[these.looks - 1] if these.looks else 0
    contenders = tuple(
        Contender(
            row,
            (RATES[number % len(RATES)],),
            tuple(scores[row][: these.rested.get(row, most)]),
            rested if (rested := these.rested.get(row, most)) < most else None,
        )
        for number, row in enumerate(order)
    )
    runs = sum(len(one.scores) for one in contenders) + 3 * len(order)
    analysis = Analysis("3f2a91c07b5d4e68" * 4, RULES.margin, RULES.level, RULES.looks, "", these.looks, {})
    readings = (reading_of("these images", these), new)
    return Decided(analysis, contenders, readings, runs, 13 * len(order), None, tuple(settling))


SETTLED = raced({"ImageNet": around(0.9), "Random": around(0.8), "SimCLR, 5 % of the images": around(0.85, 0.004)})
EQUAL = raced({"ImageNet": around(0.9), "iNat2021": around(0.9005), "Random": around(0.7)})
MANY = {f"source {number}": around(0.9 - 0.004 * number, 0.02) for number in range(13)} | {"Random": around(0.5, 0.02)}
UNDECIDED = raced(MANY, settling=["About 24 runs a row would settle it, if they vary as these do."])
REFUSED = raced(
    {"ImageNet": around(0.9), "Random": around(0.8)}, "there are 12 test patients of the rarer class, and 30 are needed"
)
ALARM = dataclasses.replace(SETTLED, control=Control("Random once more", 0.021, 0.0004, True))
QUIET = dataclasses.replace(SETTLED, control=Control("Random once more", 0.0012, 0.61, False))
LOOKED_BEFORE = dataclasses.replace(
    SETTLED, analysis=dataclasses.replace(SETTLED.analysis, others={"b7c4" * 16: 3}, budget="120 runs")
)
NOTHING = raced({"ImageNet": (0.9,), "Random": (0.8,)})
OUTLIERS = raced(
    {"ImageNet": around(0.9), "iNat2021": around(0.895, 0.02), "SimCLR": around(0.899, 0.01), "Random": around(0.4)}
)
KINDS = {
    "settled": SETTLED,
    "equal": EQUAL,
    "undecided": UNDECIDED,
    "refused": REFUSED,
    "alarm": ALARM,
    "quiet": QUIET,
    "looked before": LOOKED_BEFORE,
    "outliers": OUTLIERS,
    "nothing": NOTHING,
}


UNRACED: dict[str, object] = {"parts": (), "marks": "reference"}
"""Changes of a race's table into one that no race decided."""


def race(decided: Decided, /, **changes: object) -> TableDocument:
    """A finished table of a race."""
    rows = [one.row for one in decided.order]
    return document(
        title="Initializations for PneumoniaMNIST",
        question="Which initialization should a network for these images be fine-tuned from?",
        rows=tuple((row, "random") for row in rows),
        columns=(("PneumoniaMNIST", "auroc"),),
        cells={
            (one.row, "PneumoniaMNIST"): Cell(one.scores, None if one.scores else "no run") for one in decided.order
        },
        reference=rows[-1],
        runs=(),
        **{"parts": (Advice(advice(decided, "phantom"), decided),), "marks": "race", **changes},
    )
