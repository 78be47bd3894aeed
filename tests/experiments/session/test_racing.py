"""The race: which runs are done, in which waves, when it ends, and that a stopped one comes to the same end."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.decision import Rules
from experiments.execution.planner import Plan
from experiments.run.analyses import fix
from experiments.run.progress import Finished
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from experiments.session.context import Context
from experiments.session.racing import Entered, Raced, raced

SCORES = {
    "ahead": [0.90, 0.91, 0.89, 0.90, 0.905],
    "close": [0.89, 0.90, 0.88, 0.895, 0.89],
    "behind": [0.50, 0.51, 0.49, 0.50, 0.50],
}
RULES = Rules(margin=0.001, level=0.05, looks=(2, 3, 5))


class Killed(BaseException):
    """A process that ends."""


@dataclass
class World:
    """Runs whose scores are known, done when they are asked for.

    Attributes:
        scores: of each row's runs; None fails.
        patience: runs that are done before the process is killed; None: it never is.
    """

    root: Path
    scores: dict[str, list[float | None]] = field(default_factory=lambda: {**SCORES})
    patience: int | None = None
    done: dict[str, float] = field(default_factory=dict)
    waves: list[list[str]] = field(default_factory=list)

    def runs(self, row: str, number: int) -> list[ResolvedRun]:
        return [cast("ResolvedRun", SimpleNamespace(key=f"{row} {one}", requires=())) for one in range(number)]

    def record(self, key: str) -> Any:
        if key not in self.done:
            return None
        return SimpleNamespace(score=self.done[key], data={"key": key, "seconds": 60.0})

    def carry_out(self, work: Plan, group: str) -> None:
        self.waves.append([run.key for run in work.waiting])
        for run in work.waiting:
            if self.patience is not None:
                self.patience -= 1
                if self.patience < 0:
                    raise Killed
            row, number = run.key.rsplit(" ", 1)
            score = self.scores[row][int(number)]
            if score is None:
                work.failed[run.key] = Finished(run.key, "it diverged", 4)
            else:
                self.done[run.key] = score

    def race(self, order: Iterable[str] = ("close", "ahead", "behind"), **changes: Any) -> Raced:
        store = RunStore(self.root)
        store.record = self.record  # type: ignore[method-assign, assignment]
        context = cast("Context", SimpleNamespace(store=store, carry_out=self.carry_out, say=lambda text: None))
        settings = {
            "rules": RULES,
            "folds": 1,
            "ratio": 1.0,
            "rarer": 0,
            "tested": 9,
            "seconds": None,
            "tuning": (),
        } | changes
        entered = Entered(order=list(order), runs_of=self.runs, **settings)
        return raced(entered, fix(store, "images", {"order": list(order)}), context)


def test_all_rows_start_and_those_that_are_behind_rest(tmp_path: Path) -> None:
    world = World(tmp_path)
    race = world.race()
    assert [len(wave) for wave in world.waves] == [6, 2, 4]  # two of each, then of the two that may be the best
    assert {row: len(runs) for row, runs in race.runs.items()} == {"close": 5, "ahead": 5, "behind": 2}
    assert race.standings["these images"].looks == 3
    assert race.scores["behind"] == (0.50, 0.51)


def test_nothing_is_done_after_it_is_settled(tmp_path: Path) -> None:
    world = World(tmp_path)
    race = world.race(rules=Rules(margin=0.05, level=0.05, looks=(2, 3, 5)))
    assert len(world.waves) == 1
    assert set(race.standings["these images"].start) == {"ahead", "close"}


def test_looks_are_counted(tmp_path: Path) -> None:
    World(tmp_path).race()
    store = RunStore(tmp_path)
    other, elsewhere = fix(store, "images", {"order": ["ahead"]}), fix(store, "other images", {})
    for one in (other, elsewhere):
        one.looked(1)
    assert other.before == {fix(store, "images", {"order": ["close", "ahead", "behind"]}).digest: 3}
    assert not elsewhere.before


@pytest.mark.parametrize("seed", range(20))
def test_a_race_that_is_killed_at_any_moment_comes_to_the_same_end(seed: int, tmp_path: Path) -> None:
    whole = World(tmp_path / "whole").race()
    moments = random.Random(seed)
    world = World(tmp_path / "killed")
    for _ in range(20):
        world.patience = moments.randrange(4)
        try:
            race = world.race()
        except Killed:
            continue
        break
    else:
        world.patience = None
        race = world.race()
    assert (race.standings, race.scores) == (whole.standings, whole.scores)
    (one,), (other,) = ((tmp_path / name / "analyses").iterdir() for name in ("whole", "killed"))
    assert (one.name, one.read_text()) == (other.name, other.read_text())


def test_a_row_whose_run_fails_takes_no_part(tmp_path: Path) -> None:
    world = World(tmp_path, scores=SCORES | {"ahead": [0.9, 0.91, None, 0.9, 0.9]})
    race = world.race()
    assert race.out == {"ahead": "it diverged"}
    assert race.standings["these images"].leader == "close"
    assert race.scores["ahead"] == (0.9, 0.91)
    assert list(race.work.failed) == ["ahead 2"]


def test_of_one_row_that_is_left_nothing_is_said(tmp_path: Path) -> None:
    world = World(tmp_path, scores={"ahead": [0.9, 0.9], "close": [0.9, None]})
    race = world.race(["ahead", "close"])
    assert not race.standings
    assert race.scores == {"ahead": (0.9, 0.9), "close": (0.9,)}


def test_no_wave_begins_once_the_time_is_spent(tmp_path: Path) -> None:
    """Six runs of a minute each have been done at the first look, and eight at the second."""
    assert World(tmp_path / "a").race(seconds=6 * 60).standings["these images"].looks == 1
    assert World(tmp_path / "b").race(seconds=6 * 60 + 1).standings["these images"].looks == 2


def test_runs_that_tuned_are_part_of_the_time(tmp_path: Path) -> None:
    world = World(tmp_path, done={"tuned": 0.5})
    assert world.race(seconds=7 * 60, tuning=["tuned"]).standings["these images"].looks == 1


def test_no_wave_begins_that_takes_more_runs_than_there_may_be(tmp_path: Path) -> None:
    """After six runs the next look wants a third one of the two that lead, and the last one two more of each."""
    rules = {number: dataclasses.replace(RULES, most=number) for number in (7, 8, 12)}
    looks = [World(tmp_path / f"{most}").race(rules=one).standings["these images"].looks for most, one in rules.items()]
    assert looks == [1, 2, 3]
