"""The planner: what is done is dropped, order follows requirements, a failure stops only what needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments.execution.executor import Job
from experiments.execution.planner import carry_out, plan
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import RunStore
from tests.experiments.smoke import paths_in, spec


class Recorder:
    """A session that publishes empty records, fails what it is told to fail, and keeps the order."""

    queues = False

    def __init__(self, store: RunStore, jobs: int = 2, failing: tuple[str, ...] = ()) -> None:
        self.store, self.jobs, self.failing = store, jobs, failing
        self.order: list[str] = []
        self.running: list[ResolvedRun] = []
        self.closed = False

    @property
    def free(self) -> int:
        return self.jobs - len(self.running)

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        assert len(runs) <= self.free
        assert all(self.store.record(need.key) for run in runs for need in run.requires)
        assert not after
        self.order += [run.key for run in runs]
        self.running += runs
        return {run.key: Job(run.key) for run in runs}

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        run = self.running[0]
        yield Progress(run.key, 1, 2)
        self.running.pop(0)
        if run.key in self.failing:
            yield Finished(run.key, "it broke", 3, Path("log.txt"))
            return
        self.store.publish(self.store.begin(run.key), {"outcome": {}, "score": 0.5})
        yield Finished(run.key)

    def close(self) -> None:
        self.closed = True


def wanted(folder: Path) -> list[ResolvedRun]:
    resolver = Resolver(paths_in(folder))
    return [resolver.resolve(spec(initializer, seed=seed)) for initializer in ("random", "fractals") for seed in (0, 1)]


def test_a_pretraining_runs_once_before_all_that_need_it(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    work, executor = plan(runs, store), Recorder(store)
    carry_out(work, executor, lambda _: None)
    pretraining = runs[2].requires[0].key
    assert sorted(executor.order) == sorted([pretraining, *(run.key for run in runs)])
    assert executor.order.index(pretraining) < min(executor.order.index(run.key) for run in runs[2:])
    assert executor.closed


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    carry_out(plan(runs, store), Recorder(store), lambda _: None)
    executor = Recorder(store)
    carry_out(plan(runs, store), executor, lambda _: None)
    assert executor.order == []


def test_a_done_run_does_not_ask_for_its_pretraining_again(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    for run in runs:
        store.publish(store.begin(run.key), {"outcome": {}, "score": 0.5})
    assert plan(runs, store).waiting == []


def test_a_failed_run_stops_only_those_that_need_it(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    pretraining = runs[2].requires[0].key
    work = plan(runs, store)
    carry_out(work, Recorder(store, failing=(pretraining,)), lambda _: None)
    assert work.done == {runs[0].key, runs[1].key}
    assert set(work.failed) == {pretraining, runs[2].key, runs[3].key}
    assert "it broke" in str(work.failed[runs[2].key].error)
    assert work.failed[runs[2].key].exit_status == 3


class Queue(Recorder):
    """A session that takes everything at once and does it in the order in which it came."""

    queues = True

    def __init__(self, store: RunStore, failing: tuple[str, ...] = ()) -> None:
        super().__init__(store, 1000, failing)
        self.waves: list[tuple[list[str], dict[str, str]]] = []

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        self.waves.append(([run.key for run in runs], dict(after)))
        self.running += runs
        return {run.key: Job(f"job of {run.key}") for run in runs}

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        if any(need.key in self.failing for need in self.running[0].requires):
            yield Finished(self.running.pop(0).key, "it was taken out of the queue", 5)
        else:
            yield from super().events(patience)


def test_a_queue_gets_everything_at_once_and_learns_what_waits_for_which_job(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    work, queue = plan(runs, store), Queue(store)
    carry_out(work, queue, lambda _: None)
    pretraining = runs[2].requires[0].key
    (first, nothing), (second, after) = queue.waves
    assert (set(first), nothing) == ({pretraining, runs[0].key, runs[1].key}, {})
    assert (set(second), after) == ({runs[2].key, runs[3].key}, {pretraining: f"job of {pretraining}"})
    assert work.done == work.runs.keys()
    assert not work.queued


def test_what_a_queue_dropped_for_a_failed_pretraining_says_so(tmp_path: Path) -> None:
    store, runs = RunStore(tmp_path / "runs"), wanted(tmp_path)
    pretraining = runs[2].requires[0].key
    work = plan(runs, store)
    carry_out(work, Queue(store, failing=(pretraining,)), lambda _: None)
    assert set(work.failed) == {pretraining, runs[2].key, runs[3].key}
    for run in runs[2:]:
        assert work.failed[run.key].error == f"the pretraining {pretraining[:12]} that it starts from failed: it broke"
