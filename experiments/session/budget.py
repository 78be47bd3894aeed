"""What a comparison may spend: runs, or hours of training."""

from __future__ import annotations

import re
from dataclasses import dataclass

from specs.errors import UsageError

SECONDS = {"h": 3600.0, "min": 60.0}


@dataclass(frozen=True)
class Budget:
    """A limit; exactly one of the two is given.

    Attributes:
        runs: of all rows together, those that tune among them.
        seconds: of all runs together, added up as if they were done one after the other, so that the end of a race does
            not depend on how many run at the same time. No further wave begins once they are spent.
    """

    runs: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        if self.runs is not None:
            return f"{self.runs} runs"
        return f"{(self.seconds or 0) / 3600:g} hours of runs"


def parse_budget(text: str) -> Budget:
    """A budget from ``40``, ``2h`` or ``90min``.

    Raises:
        UsageError: if it is none of these, or nothing.
    """
    found = re.fullmatch(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>h|min|runs)?", text.strip())
    number = float(found["number"]) if found else 0.0
    unit = (found["unit"] if found else None) or "runs"
    if not number or (unit == "runs" and number != int(number)):
        raise UsageError(f"expected a budget of runs or time, such as 40, 2h or 90min, found {text}.")
    return Budget(runs=int(number)) if unit == "runs" else Budget(seconds=number * SECONDS[unit])
