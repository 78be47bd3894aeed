"""A table whose workers and planner are killed at random times ends as one that nobody disturbed.

The suite disturbs one table of one seed with a few kills. `MEDTRANSFER_CHAOS_ROUNDS=20 python -m pytest -n 0 THIS_FILE`
disturbs twenty tables of the profile's own seeds, each with twenty kills.
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import pytest

from experiments.execution.executor import Conditions
from experiments.execution.local import LocalDispatcher
from experiments.execution.planner import Plan, carry_out, plan
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.store import RunStore
from experiments.tables.resolve_table import resolve_cells
from tests.experiments.processes import descendants, gone, workers
from tests.experiments.program import medtransfer
from tests.experiments.smoke import paths_in, table_of_runs

ROUNDS = int(os.environ.get("MEDTRANSFER_CHAOS_ROUNDS", "1"))
SEEDS, KILLS = (1, 6) if ROUNDS == 1 else (2, 20)
"""Of each round; the first kill is a planner's, the others are of workers."""


def planned(where: Paths, *rows: str) -> Plan:
    """The smoke profile's table, or some of its rows, as the command plans it."""
    table = dataclasses.replace(table_of_runs("initializations", "smoke"), seeds=SEEDS)
    cells = resolve_cells(table, Resolver(where)).runs
    wanted = (
        run for (row, _), runs in cells.items() if not isinstance(runs, str) and row in (rows or {row}) for run in runs
    )
    return plan(wanted, RunStore(where.runs))


def carried_out(where: Paths) -> Plan:
    work = planned(where)
    carry_out(work, LocalDispatcher(Conditions(where, where.runs / "notes", jobs=2), cores=2), lambda _: None)
    return work


def results(where: Paths) -> dict[str, Any]:
    """All that finished runs hold, but for how long they took, where, and the digest over that.

    It has the hashes of spec, load report (with the fingerprints of the weights), metrics, predictions and weights.
    """
    store, found = RunStore(where.runs), {}
    for path in where.runs.glob("*/record.json"):
        record = store.record(path.parent.name)
        assert record is not None
        for name in record.data["files"]:
            record.file(name)
        found[path.parent.name] = {
            name: value
            for name, value in record.data.items()
            if name not in ("seconds", "epoch_seconds", "peak_memory", "environment", "digest")
        }
    return found


class Undisturbed(NamedTuple):
    """What the table gives, and the seconds that its longest run takes."""

    results: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    where = paths_in(tmp_path_factory.mktemp("undisturbed"))
    work = carried_out(where)
    assert not work.failed
    assert work.done == work.runs.keys() == results(where).keys()
    records = [work.store.published(key) for key in work.done]
    return Undisturbed(results(where), max(record.data["seconds"] for record in records))


def kill_planner(where: Paths, chance: random.Random) -> None:
    """Start the table as a user does and kill the command once its workers are busy; none of them outlives it."""
    kill(started(where), lambda command: bool(workers(command.pid)), chance.uniform(0, 2))


def kill_mirror(where: Paths, chance: random.Random) -> None:
    """Start the table, of which every run is done, and kill the command while wandb gets them."""
    begun = where.runs / "wandb" / "staging"
    kill(started(where), lambda _: bool(list(begun.glob("*/wandb/*/*.wandb"))), chance.uniform(0, 0.5))


def started(where: Paths) -> Popen[str]:
    """The command of the table, in a process of its own."""
    table = ("table", "initializations", "--profile", "smoke", "--seeds", str(SEEDS))
    return medtransfer(*table, "--jobs", "2", "--runs", str(where.runs), folder=where.runs.parent)


def kill(command: Popen[str], begun: Callable[[Popen[str]], bool], seconds: float) -> None:
    """Kill a command some time after something has begun."""
    try:
        while not begun(command):
            assert command.poll() is None, command.communicate()
            time.sleep(0.05)
        time.sleep(seconds)
        left = descendants(command.pid)
    finally:
        os.kill(command.pid, signal.SIGKILL)
        command.communicate()
    assert gone(left)


def mirrored(where: Paths) -> list[str]:
    """What wandb has of the runs and of the table: its ids, each as often as it is there."""
    return sorted(path.stem.removeprefix("run-") for path in (where.runs / "wandb").rglob("*.wandb"))


class Killer(threading.Thread):
    """Kills workers of this process, each at a random time.

    Args:
        kills: how many.
        longest: seconds at most from one to the next.
        chance: decides when, and which.
    """

    def __init__(self, kills: int, longest: float, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.left, self.longest, self.chance = kills, longest, chance

    def run(self) -> None:
        """Kill until all kills are done."""
        while self.left:
            time.sleep(self.chance.uniform(0, self.longest))
            if found := workers():
                with suppress(ProcessLookupError):  # it ended by itself meanwhile
                    os.kill(self.chance.choice(found), signal.SIGKILL)
                    self.left -= 1


@pytest.mark.slow  # as many runs as it kills
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_table_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    number: int, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    chance, tables = random.Random(number), 0
    (tmp_path / "0").mkdir()
    kill_planner(paths_in(tmp_path / "0"), chance)
    killer = Killer(KILLS - 1, undisturbed.seconds / 2, chance)
    killer.start()
    while killer.left:
        where, kept = paths_in(tmp_path / str(tables)), dict[str, Any]()
        while (work := carried_out(where)).failed:
            assert all("ended with signal SIGKILL" in str(failed.error) for failed in work.failed.values())
            done = results(where)
            assert {key: done[key] for key in kept} == kept, "a finished run was altered"
            kept = done
        assert results(where) == undisturbed.results
        tables += 1
    where = paths_in(tmp_path / "0")
    for _ in range(2):
        kill_mirror(where, chance)
    assert started(where).wait() == 0
    *runs, table = mirrored(where)
    assert runs == sorted(key[:32] for key in undisturbed.results)
    assert table.startswith("table-")
    assert not list(where.runs.glob("wandb/staging/*"))
    assert not list(tmp_path.glob("*/runs/attempts/*")), "a finished run leaves no attempt"


def test_two_planners_at_once_on_one_store_both_finish_and_agree(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Each does every run, takes over what the other has done so far, and finds its own results in the store."""
    where = paths_in(tmp_path)
    works = [planned(where, "fractals"), planned(where, "fractals")]
    sessions = [LocalDispatcher(Conditions(where, where.runs / "notes", jobs=1), cores=2) for _ in works]
    both = [
        threading.Thread(target=carry_out, args=(work, session, lambda _: None))
        for work, session in zip(works, sessions, strict=True)
    ]
    for planner in both:
        planner.start()
    for planner in both:
        planner.join()
    assert not works[0].failed
    assert not works[1].failed
    assert works[0].done == works[1].done == works[0].runs.keys()
    assert results(where) == {key: undisturbed.results[key] for key in works[0].runs}
