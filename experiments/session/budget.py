"""The budget of a comparison: a number of runs, or a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from specs.errors import UsageError

SECONDS = {"h": 3600.0, "min": 60.0}
"""The seconds in each unit of time that a budget may have."""


@dataclass(frozen=True)
class Budget:
    """The limit of a comparison; exactly one of the two numbers is given.

    Attributes:
        runs: the largest number of runs of all rows together, including those that tune learning rates.
        seconds: the time of all runs together, in seconds. Times are added up as if runs were done one after the other,
            so that the end of a race does not depend on how many run at the same time. No further wave of runs begins
            once the time is spent.
    """

    runs: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        if self.runs is not None:
            return f"{self.runs} runs"
        hours = (self.seconds or 0) / 3600
        return f"{hours:g} hours of runs" if hours == round(hours, 1) else f"{hours * 60:g} minutes of runs"


def parse_budget(text: str) -> Budget:
    """Read a budget from a text such as ``40`` (runs), ``2h`` or ``90min``.

    Raises:
        UsageError: if the text has another form, or the budget is 0.
    """
    found = re.fullmatch(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>h|min|runs)?", text.strip())
    number = float(found["number"]) if found else 0.0
    unit = (found["unit"] if found else None) or "runs"
    if not number or (unit == "runs" and number != int(number)):
        raise UsageError(f"expected a budget of runs or time, such as 40, 2h or 90min, found {text}.")
    return Budget(runs=int(number)) if unit == "runs" else Budget(seconds=number * SECONDS[unit])
