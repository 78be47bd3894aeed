"""The benchmark of the executor does runs and compares what it says; speeds are no tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import executor
from experiments.execution.executor import Job
from experiments.run.paths import Paths
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun
from experiments.run.runner import run


class InThisProcess:
    """Does one run at a time, where it is."""

    def __init__(self, paths: Paths) -> None:
        self.paths, self._events = paths, list[Progress | Finished]()

    queues = False

    @property
    def free(self) -> int:
        return 1 - len(self._events)

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        (resolved,) = runs
        run(
            resolved.spec,
            self.paths,
            report=lambda epoch, epochs: self._events.append(Progress(resolved.key, epoch, epochs)),
        )
        self._events.append(Finished(resolved.key))
        return {resolved.key: Job("here")}

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        happened, self._events = self._events, []
        yield from happened

    def close(self) -> None:
        pass


def test_every_contender_does_new_runs_and_every_target_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def here(command: list[str], **_: Any) -> None:
        """Does what a program is started for in this process."""
        started.append(command[1])
        with monkeypatch.context() as changed:
            changed.setattr(sys, "argv", command[2:])
            if command[1] == "-m":
                executor.main()
            else:
                exec(command[2], {"__name__": "__main__"})

    monkeypatch.setattr(executor, "subprocess", SimpleNamespace(run=here))
    monkeypatch.setattr(executor, "cores", lambda: 1)
    monkeypatch.setattr(executor, "_dispatcher", lambda paths, jobs: InThisProcess(paths))
    found = executor.measure(tmp_path, rounds=1, runs=2, programs=1, epochs=1, batch_size=80)
    assert started == ["-m", "-c", "-c"] * 2, "a round to warm up and one that counts"
    assert len(list((tmp_path / "runs").glob("*/record.json"))) == 2 * (2 + 2 + 1 + 1)
    assert all({"name", "ours", "peer", "unit", "ratio", "target", "machine"} <= set(one) for one in found)
    assert [one["name"] for one in found if one["target"]] == [
        "server up; programs in turn",
        "server up; programs at once",
        executor.OF_OVERHEAD,
    ]
    assert all(one["ours"] > 0 and one["peer"] > 0 for one in found)
    for one in found:
        assert one["name"] in executor._words(found)
