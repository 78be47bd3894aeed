"""A table's plan on one screen: which cells are done, to do or lack something, and about how long the rest takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from specs.errors import DataError

if TYPE_CHECKING:
    from experiments.session.durations import Durations
    from experiments.session.results import Planned
    from specs.recipe import Recipe

WIDEST = 110
"""The widest grid, in characters, whose lines are the table's rows; a wider one has a line for each column."""

GAP = "  "


def grid(planned: Planned) -> list[str]:
    """The cells of a plan: runs done of all runs, or what they lack, ``-`` without runs; and how columns train.

    Args:
        planned: the plan of a table with cells.
    """
    rows, columns = ({key[part]: None for key in planned.cells.runs} for part in (0, 1))
    texts = {key: _cell(planned, key) for key in planned.cells.runs}
    lines = _aligned(list(rows), list(columns), lambda row, column: texts.get((row, column), "-"))
    if len(lines[0]) > WIDEST:
        lines = _aligned(list(columns), list(rows), lambda column, row: texts.get((row, column), "-"))
    lines.append("(runs that are done, of all runs of a cell)")
    lines += protocols(planned)
    reasons: dict[str, list[str]] = defaultdict(list)
    for key, why in planned.cells.runs.items():
        if isinstance(why, str) and key not in planned.cells.lacking:
            reasons[why].append(f"{key[0]} on {key[1]}")
    return [*lines, *(f"-: {why}: {', '.join(cells)}" for why, cells in reasons.items())]


def protocols(planned: Planned) -> list[str]:
    """What each column trains on and how, a line for the columns that train alike."""
    from experiments.run.public_names import public_dataset

    columns: dict[str, dict[str, None]] = defaultdict(dict)
    for key, runs in planned.cells.runs.items():
        specs = planned.cells.lacking[key][0] if key in planned.cells.lacking else ()
        for spec in specs or (run.spec for run in runs if not isinstance(run, str)):
            columns[in_words(spec.recipe)][f"{key[1]} ({public_dataset(spec.dataset)})"] = None
    return [f"{_named(list(of))}: {how}" for how, of in columns.items()]


def in_words(recipe: Recipe) -> str:
    """How long and on which images a recipe trains, in one line."""
    rate, stops = recipe.optimizer.learning_rate, recipe.early_stopping
    early = "" if stops is None else f", stopped after {stops} without a better {recipe.selection}"
    unit = "epochs" if recipe.interval is None else f"rounds of {recipe.interval} steps"
    optimizer = f"{type(recipe.optimizer).__name__} at {rate:g}"
    return (
        f"{recipe.image_size} pixels, {recipe.batch_size} images a step, {optimizer}, "
        f"at most {recipe.epochs:,} {unit}{early}"
    )


def _named(columns: Sequence[str]) -> str:
    """The names of columns, or how many there are where these do not fit in a line."""
    names = ", ".join(columns)
    return names if len(names) <= WIDEST else f"{len(columns)} columns, from {columns[0]} to {columns[-1]}"


def lacks(planned: Planned, runs: int) -> list[str]:
    """What is not there and only the user can bring, a line for each thing that a command gets or tells how to get.

    Args:
        planned: the plan of a table with cells that lack something.
        runs: the number of runs that cannot be planned before.
    """
    errors = {
        error.missing or str(error): error.brief or str(error)
        for _, found in planned.cells.lacking.values()
        for error in found
        if error.missing is None or error.missing not in planned.provided
    }
    if not errors:
        return [f"{runs} runs are planned once this is fetched"]
    also = "the above is fetched and " if planned.provided else ""
    listed = ["- " + message.replace("\n", "\n  ") for message in errors.values()]
    return [f"{runs} runs cannot be planned before {also}this is there:", *listed]


def others(planned: Planned) -> list[str]:
    """The runs that cells need and that are none of their own, such as pretrainings, a line for each."""
    from experiments.run.public_names import run_title

    of_cells = {run.key for runs in planned.cells.runs.values() if not isinstance(runs, str) for run in runs}
    return [
        f"{'done' if key in planned.plan.done else 'to do':5}  {run_title(run.spec)}"
        for key, run in planned.plan.runs.items()
        if key not in of_cells
    ]


def duration(found: Durations, slots: int | None) -> list[str]:
    """About how long the runs that are left take, and how much disk, in lines; or how to learn it.

    Args:
        found: the durations of the runs that are left.
        slots: the most runs at the same time; None: no limit.
    """
    waves = [f"{found.waves} waves: some runs need others to be done before"] if found.waves > 1 else []
    if not found.like + found.by_speed:
        how = "how long is not known, as no like run is done: add --device-speed measured for an estimate"
        return [*waves, how] if found.unknown else waves
    at_once = f"{'all' if slots is None else slots} at a time"
    together = f"; at most {_hours(found.at_once)} {at_once}" if slots != 1 else ""
    least = f"{_hours(found.least)} to " if _hours(found.least) != _hours(found.seconds) else ""
    by = [
        words
        for number, words in (
            (found.like, f"{found.like} by like runs that are done"),
            (found.by_speed, f"{found.by_speed} by the speed of the device, which may stop early"),
            (found.unknown, f"{found.unknown} more are like none that is done"),
        )
        if number
    ]
    lines = [*waves, f"about {least}{_hours(found.seconds)} one after the other{together} ({'; '.join(by)})"]
    if found.gigabytes is not None:
        size = f"{found.gigabytes:.2g} GB" if found.gigabytes >= 0.1 else f"{max(1000 * found.gigabytes, 1):.0f} MB"
        lines.append(f"about {size} on the disk for runs like those that are done")
    return lines


def _hours(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:,.1f} hours"
    return "a minute" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _cell(planned: Planned, key: tuple[str, str]) -> str:
    runs = planned.cells.runs[key]
    if key in planned.cells.lacking:
        kinds = {type(error) for error in planned.cells.lacking[key][1]}
        return "lacks both" if len(kinds) > 1 else f"lacks {'data' if DataError in kinds else 'weights'}"
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
