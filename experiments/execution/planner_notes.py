"""The notes that planners leave in the run store for other processes: which runs are planned, and as which jobs.

A planner has a folder ``plans/NAME``: ``plan.json`` (its runs, its executor, its process), ``KEY.job.json`` for each
run that was started and ``KEY.error.json`` for each that failed. The folder is removed when everything went well, or
when a later planner has taken over its runs. The notes decide nothing: only a run's record says that it is done.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.execution.executor import Executor, Job, JobState
from experiments.run.machine.processes import alive, name_of
from experiments.run.progress import Finished
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from specs.errors import UsageError
from specs.expression import parse
from specs.files import write_json
from specs.registry import DATASETS, EXECUTORS, INITIALIZERS
from specs.run import RunSpec


def described(spec: RunSpec) -> dict[str, str]:
    """A run in words: what is trained on what, from what, by which method and in which fold if there is one."""
    said = {
        "stage": spec.stage,
        "dataset": str(DATASETS.short(spec.dataset)),
        "initializer": str(INITIALIZERS.short(spec.initializer)),
        "seed": str(spec.seed),
    }
    if spec.recipe.method is not None:
        said["method"] = parse(spec.recipe.method).name
    return said if spec.fold is None else said | {"fold": str(spec.fold)}


class PlannerNotes:
    """Writes the notes of one planner, and reads those of others.

    Args:
        store: the run store.
        executor: the expression of the executor that carries out the runs, such as ``local``.
    """

    def __init__(self, store: RunStore, executor: str) -> None:
        self.store, self.executor = store, executor
        self.folder = _plans(store) / f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"

    def open(self, runs: Mapping[str, ResolvedRun]) -> None:
        """Write which runs are planned, by key, and remove the notes of ended planners that nothing is left of."""
        said = {"executor": self.executor, "planner": name_of(os.getpid())}
        write_json(self.folder / "plan.json", said | {"runs": {key: described(run.spec) for key, run in runs.items()}})
        for other in plans(self.store):
            left = {key for key in other.runs if key not in runs and self.store.record(key) is None}
            if other.folder != self.folder and alive(other.planner) is False and not left and not other.not_ended():
                shutil.rmtree(other.folder, ignore_errors=True)

    def started(self, jobs: Mapping[str, Job]) -> None:
        """Write the job of each run that was started, by the run's key."""
        for key, job in jobs.items():
            write_json(self.folder / f"{key}{_JOB}", {"job": job.name, "log": str(job.log) if job.log else None})

    def failed(self, finished: Finished) -> None:
        """Write how a run failed."""
        write_failure(self.folder, finished)

    def elsewhere(self, keys: Collection[str]) -> dict[str, Elsewhere]:
        """The unfinished runs of ``keys`` that jobs of other planners are doing, or wait to do."""
        elsewhere: dict[str, Elsewhere] = {}
        for other in plans(self.store):
            if other.folder != self.folder and not other.jobs.keys().isdisjoint(keys):
                going_on = {key: seen for key, seen in other.going_on().items() if key in keys}
                elsewhere |= {key: seen for key, seen in going_on.items() if not self.store.record(key)}
        return elsewhere

    def close(self) -> None:
        """Remove the notes, unless a run failed or a job goes on, or may go on, without this planner."""
        own = _read(self.folder)
        if own is not None and not own.failures and all(self.store.record(key) for key in own.not_ended()):
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Elsewhere:
    """The job of another planner, which does a run or waits to do it.

    Attributes:
        executor: the expression of the executor that carries out the run.
        job: the name by which the executor knows the job.
        queued: whether the job still waits for resources.
    """

    executor: str
    job: str
    queued: bool


@dataclass(frozen=True)
class Planned:
    """A planner's notes, as another process reads them.

    Attributes:
        folder: the folder that holds the notes.
        executor: the expression of the executor that carries out the runs.
        planner: the name of the planner's process, which includes its host and process number.
        runs: a description of each planned run in words, by the run's key.
        jobs: the name of the job of each run that was started, by the run's key.
        logs: the file that the output of a job goes to, by the run's key; runs whose log is not known are left out.
        failures: how each failed run ended, by the run's key.
    """

    folder: Path
    executor: str
    planner: str
    runs: dict[str, dict[str, str]]
    jobs: dict[str, str]
    logs: dict[str, Path]
    failures: dict[str, Finished]

    def states(self) -> dict[str, JobState]:
        """The states of the jobs of all started runs that have not failed, by the run's key.

        They are ``unknown`` where the executor's plugin is not installed.
        """
        jobs = {key: job for key, job in self.jobs.items() if key not in self.failures}
        try:
            executor: Executor = EXECUTORS.build(self.executor)
        except UsageError as error:
            return dict.fromkeys(jobs, JobState("unknown", str(error)))
        seen = executor.states(jobs.values()) if jobs else {}
        return {key: seen[job] for key, job in jobs.items()}

    def going_on(self) -> dict[str, Elsewhere]:
        """The jobs that wait or run, by the run's key."""
        return {
            key: Elsewhere(self.executor, self.jobs[key], seen.state == "queued")
            for key, seen in self.states().items()
            if seen.state in ("queued", "running")
        }

    def not_ended(self) -> set[str]:
        """The keys of runs whose jobs have not ended, or cannot be seen now, such as when a cluster does not answer."""
        return {key for key, seen in self.states().items() if seen.state != "ended"}


def plans(store: RunStore) -> Iterator[Planned]:
    """The notes of all planners that worked on a store, in the alphabetical order of their folders."""
    for folder in sorted(_plans(store).glob("*")):
        planned = _read(folder)
        if planned is not None:
            yield planned


def write_failure(folder: Path, failed: Finished) -> None:
    """Write a note of how a run failed into a planner's folder."""
    log = str(failed.log) if failed.log else None
    said = {"error": failed.error, "exit_status": failed.exit_status, "log": log}
    write_json(folder / f"{failed.key}{_ERROR}", said)


def failure_of(folder: Path, key: str) -> Finished | None:
    """How a run failed, from the note in a planner's folder; None if there is no such note."""
    try:
        said = json.loads((folder / f"{key}{_ERROR}").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Finished(key, said["error"], said["exit_status"], Path(said["log"]) if said["log"] else None)


def forget_failure(folder: Path, key: str) -> None:
    """Remove the note of a run's failure, because the run is tried again."""
    (folder / f"{key}{_ERROR}").unlink(missing_ok=True)


_JOB, _ERROR = ".job.json", ".error.json"


def _plans(store: RunStore) -> Path:
    return store.root / "plans"


def _read(folder: Path) -> Planned | None:
    """Read the notes in a planner's folder; None if they are not written yet, or were removed meanwhile."""
    try:
        said: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        started = {
            path.name.removesuffix(_JOB): json.loads(path.read_text(encoding="utf-8"))
            for path in folder.glob(f"*{_JOB}")
        }
    except FileNotFoundError:
        return None
    jobs = {key: job["job"] for key, job in started.items()}
    logs = {key: Path(job["log"]) for key, job in started.items() if job["log"]}
    read = (failure_of(folder, path.name.removesuffix(_ERROR)) for path in folder.glob(f"*{_ERROR}"))
    failures = {failed.key: failed for failed in read if failed}
    return Planned(folder, said["executor"], said["planner"], said["runs"], jobs, logs, failures)
