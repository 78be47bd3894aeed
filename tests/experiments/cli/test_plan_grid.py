"""The grid of a table's plan: done, to do, lacking, without runs, and about how long the rest takes."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

from experiments.cli.plan_grid import WIDEST, duration, grid, in_words, lacks, others
from experiments.run.recipes import recipe_named
from experiments.session.durations import Durations
from experiments.session.results import Planned
from experiments.tables.resolve_table import ResolvedCells
from specs.errors import DataError, WeightsError
from tests.experiments.smoke import spec


def run(seed: int, **changes: Any) -> Any:
    made = spec(seed=seed, **changes)
    return SimpleNamespace(key=f"{seed}-{len(changes)}", spec=made, requires=())


def planned(cells: dict[Any, Any], done: dict[str, float], lacking: Any = (), more: Any = ()) -> Planned:
    """A plan whose finished runs took the given seconds, by key."""
    runs = {one.key: one for of_cell in cells.values() if not isinstance(of_cell, str) for one in of_cell}
    runs |= {one.key: one for one in more}
    store = SimpleNamespace(record=lambda key: SimpleNamespace(data={"seconds": done[key]}))
    waiting = [one for key, one in runs.items() if key not in done]
    plan = SimpleNamespace(runs=runs, done=set(done), store=store, waiting=waiting)
    errors = {key: ((spec(),), (DataError("none"),)) for key in lacking}
    return Planned(plan=cast("Any", plan), cells=ResolvedCells(cells, errors))


CELLS = {
    ("random", "DRIVE"): (run(0), run(1), run(2)),
    ("random", "B"): "lacking",
    ("ImageNet", "DRIVE"): "the source is the target",
    ("ImageNet", "B"): (run(3, edition="real"),),
}


def test_each_cell_says_how_many_of_its_runs_are_done() -> None:
    lines = grid(planned(CELLS, {"0-0": 60.0}, lacking=[("random", "B")]))
    assert [line.split() for line in lines[:3]] == [
        ["DRIVE", "B"], ["random", "1/3", "lacks", "data"], ["ImageNet", "-", "0/1"],
    ]  # fmt: skip
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[-1] == "-: the source is the target: ImageNet on DRIVE"


def test_what_is_missing_is_named_once_and_not_what_would_be_fetched() -> None:
    brief, weights, plain = DataError("long\ntext"), WeightsError("long"), DataError("a class has\nno images")
    brief.missing, brief.brief = "shenzhen", "shenzhen: medtransfer fetch shenzhen gets it"
    weights.missing, weights.brief = "model.pth", "the weights model.pth"
    lacking = {("a", "B"): ((spec(),), (brief, weights)), ("b", "B"): ((spec(),), (brief, plain))}
    cells = ResolvedCells({("a", "B"): "lacking", ("b", "B"): "lacking"}, cast("Any", lacking))
    found = Planned(plan=cast("Any", None), cells=cells)
    listed = ["- shenzhen: medtransfer fetch shenzhen gets it", "- the weights model.pth", "- a class has\n  no images"]
    assert lacks(found, 2) == ["2 runs cannot be planned before this is there:", *listed]
    assert lacks(dataclasses.replace(found, provided=frozenset({"model.pth"})), 2) == [
        "2 runs cannot be planned before the above is fetched and this is there:", listed[0], listed[2],
    ]  # fmt: skip
    lacking[("b", "B")] = ((spec(),), (weights,))
    everything = dataclasses.replace(found, provided=frozenset({"model.pth", "shenzhen"}))
    assert lacks(everything, 2) == ["2 runs are planned once this is fetched"]


def test_columns_that_train_alike_share_a_line() -> None:
    recipe = dataclasses.replace(recipe_named("phantom/smoke"), epochs=1200, early_stopping=None)
    assert in_words(recipe).endswith("at most 1,200 epochs")
    stopping = dataclasses.replace(recipe, interval=5, early_stopping=3, selection="metric")
    assert in_words(stopping).endswith("at most 1,200 rounds of 5 steps, stopped after 3 without a better metric")
    first, other = run(0, recipe=recipe), run(1, recipe=stopping)
    lines = grid(planned({("a", "B"): (first,), ("a", "C"): (first,), ("a", "D"): (other,)}, {}))
    assert [line.partition(":")[0] for line in lines[3:]] == ["B (medmnist), C (medmnist)", "D (medmnist)"]


def test_many_columns_have_a_line_each() -> None:
    cells = {(row, f"column {number}, of a long name"): (run(number),) for row in "ab" for number in range(6)}
    lines = grid(planned(cells, {}))
    assert lines[0].split() == ["a", "b"] and max(map(len, lines[:-1])) <= WIDEST
    assert lines[1].startswith("column 0")
    assert lines[-1].startswith("6 columns, from column 0, of a long name (medmnist) to column 5, of a long name (")


def test_runs_that_cells_need_are_listed_beside_them() -> None:
    (line,) = others(planned(CELLS, {}, more=[run(9)]))
    assert line.startswith("to do  ") and "PneumoniaMNIST" in line


def test_times_are_told_with_what_they_are_by() -> None:
    nothing = Durations(0.0, 0.0, 0.0, like=0, by_speed=0, unknown=9, waves=1, gigabytes=None)
    (line,) = duration(nothing, 2)
    assert line == "how long is not known, as no like run is done: add --device-speed measured for an estimate"
    assert duration(dataclasses.replace(nothing, unknown=0), 2) == []
    known = Durations(7_200.0, 13_320.0, 6_660.0, like=20, by_speed=2, unknown=1, waves=2, gigabytes=1.234)
    assert duration(known, 2) == [
        "2 waves: some runs need others to be done before",
        "about 2.0 hours to 3.7 hours one after the other; at most 1.9 hours 2 at a time (20 by like runs that are "
        "done; 2 by the speed of the device, which may stop early; 1 more are like none that is done)",
        "about 1.2 GB on the disk for runs like those that are done",
    ]
    (line,) = duration(dataclasses.replace(known, waves=1, gigabytes=None, seconds=1200.0, least=1200.0), 1)
    assert line.startswith("about 20 minutes one after the other (20 by like")
