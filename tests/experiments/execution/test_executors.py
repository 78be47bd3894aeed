"""Executors: which there are, what they refuse, and processes that last as long as their GPUs."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.execution.executor import Conditions, Executor, Job, JobState
from experiments.execution.local import LocalDispatcher
from experiments.execution.planner import Plan, carry_out, plan
from experiments.execution.planner_notes import PlannerNotes
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.runner import run
from experiments.run.store import RunStore
from specs.errors import UsageError
from specs.registry import EXECUTORS
from tests.experiments.smoke import paths_in, spec


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that stands first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def answer(folder: Path, command: str, script: str) -> None:
    """Let a command of SLURM answer as a script does."""
    path = folder / command
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def conditions(folder: Path, **changes: int) -> Conditions:
    return Conditions(paths_in(folder), folder / "runs" / "plans" / "mine", **changes)  # type: ignore[arg-type]


def ended(session: LocalDispatcher, count: int) -> list[Finished]:
    """How so many runs ended."""
    found: list[Finished] = []
    deadline = time.monotonic() + 120
    while len(found) < count:
        assert time.monotonic() < deadline
        found += [event for event in session.events(1) if isinstance(event, Finished)]
    return found


def one(folder: Path, **changes: object) -> ResolvedRun:
    made = spec(**changes)
    return Resolver(paths_in(folder)).resolve(made)


def test_they_are_listed_with_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "executors", "--json"]) == 0
    assert {"local", "slurm"} <= {entry["name"] for entry in json.loads(capsys.readouterr().out)["executors"]}


def test_one_of_another_distribution_does_a_tables_runs(
    in_turn: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["list", "executors"]) == 0
    assert "One after the other. (from in-turn)" in capsys.readouterr().out
    table = [
        "table",
        "initializations",
        "--profile",
        "smoke",
        "--seeds",
        "1",
        "--wandb",
        "disabled",
        "--set",
        "epochs=1",
    ]
    assert main([*table, "--executor", 'in_turn(prefix="mine")']) == 0
    assert main([*table, "--dry-run"]) == 0
    assert "0 of 4 runs to do" in capsys.readouterr().out


def test_an_unknown_one_and_a_wrong_argument_are_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["table", "initializations", "--profile", "smoke", "--executor"]
    for expression, said in (("slrum", 'unknown executor "slrum"'), ("slurm(nodes=0)", "nodes must be at least 1")):
        assert main([*command, expression]) == 2
        assert said in capsys.readouterr().err
    assert not list((tmp_path / "runs").glob("attempts/*"))


def test_a_process_keeps_its_gpus_from_run_to_run_and_gives_the_numbers_of_a_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = LocalDispatcher(conditions(tmp_path, devices=1), cores=4, gpus=["5"])
    runs = [one(tmp_path, seed=seed) for seed in (0, 1)]
    broken = one(tmp_path, recipe=spec().recipe.override({"optimizer": "sgd(1e30)"}))
    try:
        assert session.free == 1
        jobs = []
        for each in runs:
            jobs.append(session.submit([each], {})[each.key].name)
            assert session.free == 0
            assert ended(session, 1) == [Finished(each.key)]
        assert jobs[0] == jobs[1]
        session.submit([broken], {})
        assert ended(session, 1)[0].error is not None
        again = one(tmp_path, seed=2)
        assert session.submit([again], {})[again.key].name != jobs[0]  # a failure may have spoilt the GPU's context
        assert ended(session, 1) == [Finished(again.key)]
    finally:
        session.close()
    store = RunStore(tmp_path / "runs")
    for each in runs:
        fresh = run(each.spec, paths_in(tmp_path / "fresh"))
        record = store.record(each.key)
        assert record is not None
        assert record.data["outcome"] == fresh.data["outcome"]


def test_there_are_as_many_runs_at_once_as_sets_of_gpus(tmp_path: Path) -> None:
    gpus = [str(number) for number in range(5)]
    assert LocalDispatcher(conditions(tmp_path), cores=2, gpus=gpus).free == 5
    assert LocalDispatcher(conditions(tmp_path, jobs=3), cores=2, gpus=gpus).free == 3
    assert LocalDispatcher(conditions(tmp_path, devices=2), cores=2, gpus=gpus).free == 2
    assert LocalDispatcher(conditions(tmp_path), cores=4).free == 4
    assert LocalDispatcher(conditions(tmp_path, devices=2), cores=4).free == 2
    with pytest.raises(UsageError, match=r"6 devices are asked for on this machine, which has 5 GPU"):
        LocalDispatcher(conditions(tmp_path, devices=6), cores=2, gpus=gpus)


def test_slurm_says_what_it_lacks(tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slurm: Executor = EXECUTORS.build("slurm(nodes=2)")
    with pytest.raises(UsageError, match="3 devices do not spread evenly over 2 nodes"):
        slurm.start(conditions(tmp_path, devices=3))
    monkeypatch.setenv("PATH", str(commands))
    with pytest.raises(UsageError, match="there is no command sbatch here"):
        slurm.start(conditions(tmp_path, devices=2))


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("7|PENDING|Dependency", JobState("queued", "Dependency")),
        ("7|RUNNING|None", JobState("running")),
        ("7|COMPLETING|None", JobState("running")),
        ("7|CANCELLED|None", JobState("ended", "CANCELLED")),
        ("7|FAILED|NonZeroExitCode", JobState("ended", "FAILED, NonZeroExitCode")),
        ("8|RUNNING|None", JobState("ended", "SLURM has forgotten it")),
    ],
)
def test_a_job_of_slurm_is_as_squeue_says(commands: Path, line: str, state: JobState) -> None:
    answer(commands, "squeue", f"echo '{line}'")
    slurm: Executor = EXECUTORS.build("slurm")
    assert slurm.states(["7"]) == {"7": state}


def test_jobs_are_unknown_while_slurm_does_not_answer(commands: Path) -> None:
    answer(commands, "squeue", "echo 'Unable to contact slurm controller' >&2; exit 1")
    slurm: Executor = EXECUTORS.build("slurm")
    seen = slurm.states(["7"])["7"]
    assert seen.state == "unknown"
    assert "Unable to contact slurm controller" in seen.why


def test_sbatch_that_refuses_is_quoted(tmp_path: Path, commands: Path) -> None:
    answer(commands, "sbatch", "echo 'sbatch: error: invalid partition specified: gpus' >&2; exit 1")
    answer(commands, "srun", "exit 0")
    slurm: Executor = EXECUTORS.build('slurm(partition="gpus")')
    session = slurm.start(conditions(tmp_path))
    with pytest.raises(UsageError, match="invalid partition specified: gpus"):
        session.submit([one(tmp_path)], {})


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("sbatch: error: Invalid generic resource (gres) specification\nallocation failure: Invalid generic", True),
        ("sbatch: error: invalid partition specified: gpu\nallocation failure: Invalid partition name specified", True),
        ("allocation failure: Requested node configuration is not available", True),
        ("allocation failure: Requested time limit is invalid (missing or exceeds some limit)", True),
        ("allocation failure: Job violates accounting/QOS policy (job submit limit, ...)", False),
        ("allocation failure: Unable to contact slurm controller (connect failure)", False),
    ],
)
def test_what_the_cluster_will_never_take_is_refused_before_anything_is_planned(
    said: str, refused: bool, commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    answer(commands, "sbatch", f'echo "$@" > {tmp_path}/asked; echo "{said}" >&2; exit 1')
    slurm: Executor = EXECUTORS.build('slurm(partition="gpu", minutes=90)')
    if not refused:  # it may pass, and jobs that are in the queue are waited for meanwhile
        slurm.check(1)
        return
    monkeypatch.chdir(tmp_path)
    table = ["table", "initializations", "--profile", "smoke", "--dry-run"]
    assert main([*table, "--executor", 'slurm(partition="gpu", minutes=90)']) == UsageError.exit_status
    told = " ".join(capsys.readouterr().err.split())
    assert said.split("\n")[0].split(": ")[-1] in told
    assert "--partition=gpu" in told and 'Where nodes have no GPUs, write accelerator="cpu"' in told
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "--test-only"
    assert {"--time=90", "--nodes=1", "--gpus-per-node=1", "--partition=gpu"} <= set(asked)


def test_what_the_cluster_would_take_passes_and_so_does_a_machine_without_sbatch(
    commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm: Executor = EXECUTORS.build("slurm")
    answer(commands, "sbatch", "echo 'sbatch: Job 1 to start at 2026-12-01T03:47:43' >&2")
    slurm.check(1)
    monkeypatch.setenv("PATH", "")
    slurm.check(1)


def test_what_sbatch_is_told(tmp_path: Path, commands: Path) -> None:
    answer(commands, "sbatch", f'cat "$1" >> {tmp_path / "scripts"}; echo Submitted batch job 31')
    answer(commands, "srun", "exit 0")
    slurm: Executor = EXECUTORS.build(
        'slurm(nodes=2, partition="gpu", account="lab", minutes=90, gigabytes=64, cpus=6, setup=["module load a b"])'
    )
    session = slurm.start(conditions(tmp_path, devices=8, jobs=3))
    runs = [one(tmp_path, seed=seed) for seed in (0, 1)] + [one(tmp_path, initializer="fractals")]
    jobs = session.submit(runs, {runs[2].requires[0].key: "12_4"})
    assert [jobs[each.key].name for each in runs] == ["31_0", "31_1", "31"]
    array, single = (tmp_path / "scripts").read_text().split("#!/bin/bash")[1:]
    for line in (
        "--nodes=2", "--ntasks-per-node=4", "--gpus-per-node=4", "--cpus-per-task=6", "--time=90", "--partition=gpu",
        "--account=lab", "--mem=64GB", "--requeue", "--signal=USR1@90", "--array=0-1%2",
    ):  # fmt: skip
        assert f"#SBATCH {line}\n" in array
    assert "\nmodule load a b\n" in array[: array.index("srun")]
    assert "dependency" not in array
    assert "#SBATCH --dependency=afterok:12_4\n" in single


def test_a_run_that_another_planner_goes_on_with_is_waited_for(tmp_path: Path) -> None:
    store, shared = RunStore(tmp_path / "runs"), one(tmp_path)
    own = one(tmp_path, seed=1)
    others = PlannerNotes(store, "local()")
    others.open({shared.key: shared})
    theirs = LocalDispatcher(conditions(tmp_path), cores=1)
    others.started(theirs.submit([shared], {}))
    ours = LocalDispatcher(conditions(tmp_path), cores=2)
    started: list[str] = []
    submit = ours.submit

    def noting(runs, after):  # type: ignore[no-untyped-def]
        started.extend(each.key for each in runs)
        return submit(runs, after)

    ours.submit = noting  # type: ignore[method-assign]
    work = plan([shared, own], store)
    carry_out(work, ours, lambda _: None, PlannerNotes(store, "local()"))
    theirs.close()
    assert started == [own.key]
    assert work.done == {shared.key, own.key}


class Idle:
    """A dispatcher of a planner whose runs are all of another planner."""

    queues = True
    free = 9

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        raise AssertionError(f"submitted again: {runs}, after {after}")

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


def test_runs_of_another_planner_are_shown_as_queued_or_running_with_their_epochs(
    tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.execution.planner.PATIENCE", 0.0)
    store, runs = RunStore(tmp_path / "runs"), [one(tmp_path, seed=seed) for seed in (0, 1)]
    killed = PlannerNotes(store, "slurm")
    killed.open({each.key: each for each in runs})
    killed.started({each.key: Job(name) for each, name in zip(runs, ("7", "8"), strict=True)})
    answer(commands, "squeue", "echo '7|RUNNING|None'; echo '8|PENDING|Priority'")
    attempt = store.begin(runs[0].key)
    epochs = runs[0].spec.recipe.epochs
    (attempt.folder / "spec.json").write_text(json.dumps(runs[0].spec.to_json()))
    (attempt.folder / "metrics.jsonl").write_text('{"epoch": 0}\n')
    shown: list[tuple[dict[str, float], set[str]]] = []

    def watch(work: Plan) -> None:
        shown.append((dict(work.running), set(work.queued)))
        for each in runs:
            if store.record(each.key) is None:
                store.publish(store.begin(each.key), {"outcome": {}, "score": 0.5})

    work = plan(runs, store)
    carry_out(work, Idle(), watch, PlannerNotes(store, "slurm(minutes=9)"))
    assert shown[0] == ({runs[0].key: 1 / epochs, runs[1].key: 0.0}, {runs[1].key})
    assert shown[-1] == ({}, set())
    assert work.done == {each.key for each in runs}
