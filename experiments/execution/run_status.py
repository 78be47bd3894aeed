"""The state of every run in a run store, whoever started it: running, queued, failed, stopped or done, and why."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from experiments.execution.executor import JobState
from experiments.execution.planner_notes import Planned, described, plans
from experiments.run.attempts import epochs_done, latest_values
from experiments.run.machine.processes import alive
from experiments.run.store import RunStore
from specs.run import RunSpec

STATES = ("running", "queued", "failed", "stopped", "done")
"""States of a run, in the order in which runs are shown. Where two planners' notes disagree, the first state holds."""


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    Attributes:
        key: the run's key.
        state: one of ``STATES``; ``stopped`` means that the run neither goes on nor failed: its process or job is gone.
        run: a description of the run in words, such as its dataset and initializer; empty if it is not known.
        why: the reason for the state, in words; may be empty.
        executor: the expression of the executor that carries out the run; None if it is not known.
        job: the name by which the executor knows the run's job; None if it is not known.
        planner: the folder of the planner's notes; None if there are none.
        epochs: the number of finished epochs and the largest number that there can be; None if it is not known.
        values: losses and scores of the last finished epoch, and its learning rate, by name.
        log: the file that holds the run's output; None if it is not known.
    """

    key: str
    state: Literal["running", "queued", "failed", "stopped", "done"]
    run: dict[str, str]
    why: str = ""
    executor: str | None = None
    job: str | None = None
    planner: Path | None = None
    epochs: tuple[int, int] | None = None
    log: Path | None = None
    values: dict[str, float] = field(default_factory=dict)


def run_states(store: RunStore) -> list[RunState]:
    """Every run that a store knows of, in the order of ``STATES``."""
    states: dict[str, RunState] = {}
    for planned in plans(store):
        for state in _of_planner(store, planned):
            if state.key not in states or STATES.index(state.state) < STATES.index(states[state.key].state):
                states[state.key] = state
    for folder in sorted((store.root / "attempts").glob("*.*.*.*")):
        key = folder.name.partition(".")[0]
        if key not in states and store.record(key) is None:
            states[key] = _of_attempt(store, key, folder)
    for path in store.root.glob("*/record.json"):
        states[path.parent.name] = _of_record(store, path.parent.name)
    return sorted(states.values(), key=lambda state: (STATES.index(state.state), sorted(state.run.items()), state.key))


def _of_planner(store: RunStore, planned: Planned) -> list[RunState]:
    """The runs of a planner that have no record yet."""
    left = [key for key in planned.runs if store.record(key) is None]
    seen = planned.states() if left else {}
    return [_planned(store, planned, key, seen.get(key)) for key in left]


def _planned(store: RunStore, planned: Planned, key: str, seen: JobState | None) -> RunState:
    run, job, log = planned.runs[key], planned.jobs.get(key), planned.logs.get(key) or _log(store, key)
    if seen is not None and seen.state in ("running", "queued"):
        state: Literal["running", "queued"] = "running" if seen.state == "running" else "queued"
        done = epochs_done(store, key)
        values = latest_values(store, key)
        why = "; ".join(filter(None, (seen.why, _given_up(store, key))))
        return RunState(key, state, run, why, planned.executor, job, planned.folder, done, log, values)
    if failed := planned.failures.get(key):
        return RunState(key, "failed", run, failed.error or "", planned.executor, job, planned.folder, None, log)
    host, number = planned.planner.split(" ")[:2]
    if seen is None and alive(planned.planner) is not False:
        why = f"for its turn in process {number} on {host}"
        return RunState(key, "queued", run, why, planned.executor, None, planned.folder)
    what = (
        f"its job {job} ended ({seen.why})"
        if seen is not None
        else f"process {number} on {host}, which planned it, is gone"
    )
    again = "; the same command goes on with it"
    return RunState(
        key, "stopped", run, what + again, planned.executor, job, planned.folder, epochs_done(store, key), log
    )


def _of_attempt(store: RunStore, key: str, folder: Path) -> RunState:
    """The state of a run that is in no planner's notes, judged by the folder of one attempt at it."""
    host, number = folder.name.removeprefix(f"{key}.").rsplit(".", 2)[:2]
    run, done, going_on = _spec(folder), epochs_done(store, key), alive(f"{host} {number}")
    where, log = f"process {number} on {host}", folder / "log.txt"
    if going_on:
        where = "; ".join(filter(None, (where, _given_up(store, key))))
        return RunState(key, "running", run, where, None, None, None, done, log, latest_values(store, key))
    if failed := store.last_error(key):
        return RunState(key, "failed", run, failed[0], None, None, None, done, failed[1])
    gone = "is gone" if going_on is False else "cannot be seen from here"
    return RunState(
        key, "stopped", run, f"{where} {gone}; the same command goes on with it", None, None, None, done, log
    )


def _given_up(store: RunStore, key: str) -> str:
    """How many attempts at a run are over, whose processes are known to be gone; empty if there are none."""
    names = [folder.name.removeprefix(f"{key}.").rsplit(".", 2)[:2] for folder in store.attempts(key)]
    number = sum(alive(f"{host} {process}") is False for host, process in names)
    return f"{number} earlier attempt{'s were' if number > 1 else ' was'} given up" if number else ""


def _of_record(store: RunStore, key: str) -> RunState:
    return RunState(key, "done", _spec(store.folder(key)), log=store.folder(key) / "log.txt")


def _spec(folder: Path) -> dict[str, str]:
    """A run in words, from the spec that its attempt wrote; empty if the attempt has not written it yet."""
    try:
        return described(RunSpec.from_json(json.loads((folder / "spec.json").read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return {}


def _log(store: RunStore, key: str) -> Path | None:
    """The largest log among a run's attempts: which attempt is newest is not known, since clocks differ."""
    logs = [folder / "log.txt" for folder in store.attempts(key) if (folder / "log.txt").is_file()]
    return max(logs, key=os.path.getsize, default=None)
