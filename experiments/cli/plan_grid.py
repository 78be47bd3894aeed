"""A table's plan on one screen: which cells are done, to do or lack something, and about how long the rest takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.session.results import Planned
    from specs.run import RunSpec

WIDEST = 110
"""The widest grid, in characters, whose lines are the table's rows; a wider one has a line for each column."""

GAP = "  "


def grid(planned: Planned) -> list[str]:
    """The cells of a plan: runs done of all runs, ``lacks`` where data or weights are missing, ``-`` without runs.

    Args:
        planned: the plan of a table with cells.
    """
    rows, columns = ({key[part]: None for key in planned.cells.runs} for part in (0, 1))
    texts = {key: _cell(planned, key) for key in planned.cells.runs}
    lines = _aligned(list(rows), list(columns), lambda row, column: texts.get((row, column), "-"))
    if len(lines[0]) > WIDEST:
        lines = _aligned(list(columns), list(rows), lambda column, row: texts.get((row, column), "-"))
    lines.append("(runs that are done, of all runs of a cell)")
    reasons: dict[str, list[str]] = defaultdict(list)
    for key, why in planned.cells.runs.items():
        if isinstance(why, str) and key not in planned.cells.lacking:
            reasons[why].append(f"{key[0]} on {key[1]}")
    return [*lines, *(f"-: {why}: {', '.join(cells)}" for why, cells in reasons.items())]


def others(planned: Planned) -> list[str]:
    """The runs that cells need and that are none of their own, such as pretrainings, a line for each."""
    from experiments.run.public_names import run_title

    of_cells = {run.key for runs in planned.cells.runs.values() if not isinstance(runs, str) for run in runs}
    return [
        f"{'done' if key in planned.plan.done else 'to do':5}  {run_title(run.spec)}"
        for key, run in planned.plan.runs.items()
        if key not in of_cells
    ]


def duration(planned: Planned) -> str:
    """About how long the runs that are left take one after the other, by like runs that are done; empty without any."""
    timed: dict[Any, list[float]] = defaultdict(list)
    for key in planned.plan.done:
        record = planned.plan.store.record(key)
        if record is not None:
            timed[_kind(planned.plan.runs[key].spec)].append(record.data["seconds"])
    waiting = [_kind(run.spec) for run in planned.plan.waiting]
    known = [mean(timed[kind]) for kind in waiting if kind in timed]
    if not known:
        return ""
    unknown = len(waiting) - len(known)
    rest = f"; {unknown} more are like none that is done" if unknown else ""
    return f"about {_hours(sum(known))} for {len(known)} of them one after the other, by like runs that are done{rest}"


def _kind(spec: RunSpec) -> tuple[Any, ...]:
    """What runs that take about as long have in common."""
    return spec.stage, spec.dataset, spec.edition, spec.backbone, spec.recipe


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{max(seconds / 60, 1):.0f} minutes"


def _cell(planned: Planned, key: tuple[str, str]) -> str:
    runs = planned.cells.runs[key]
    if key in planned.cells.lacking:
        return "lacks"
    if isinstance(runs, str):
        return "-"
    return f"{sum(run.key in planned.plan.done for run in runs)}/{len(runs)}"


def _aligned(lines: Sequence[str], heads: Sequence[str], text: Callable[[str, str], str]) -> list[str]:
    """A heading and a line for each name, with a text for each pair of names under its head."""
    first = max(map(len, lines), default=0)
    wide = {head: max([len(head), *(len(text(line, head)) for line in lines)]) for head in heads}
    found = [" " * first + "".join(f"{GAP}{head:>{wide[head]}}" for head in heads)]
    return found + [
        f"{line:{first}}" + "".join(f"{GAP}{text(line, head):>{wide[head]}}" for head in heads) for line in lines
    ]
