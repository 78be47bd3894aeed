"""What is said of the runs of a store, and what ends them: `medtransfer status` and `medtransfer cancel`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.execution.executor import Job, JobState
from experiments.execution.planner_notes import PlannerNotes, described, plans
from experiments.execution.run_status import run_states
from experiments.run.machine.processes import alive, name_of
from experiments.run.progress import Finished
from experiments.run.public_names import noted_title, run_title
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.runner import run
from experiments.run.store import RunStore
from specs.files import write_json
from tests.experiments.smoke import paths_in, spec


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The store that commands find in the current folder."""
    monkeypatch.chdir(tmp_path)
    return RunStore(tmp_path / "runs")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes on until it is ended, by an interruption too.

    A shell's background commands ignore interruptions, and so would all that they start.
    """
    process = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    yield process
    process.kill()
    process.wait()


def resolved(store: RunStore, **changes: int) -> ResolvedRun:
    return Resolver(paths_in(store.root.parent)).resolve(spec(**changes))


def gone(notes: PlannerNotes) -> None:
    """As if the planner of these notes had ended long ago."""
    said = json.loads((notes.folder / "plan.json").read_text())
    process = subprocess.Popen(["true"])
    name = name_of(process.pid)
    process.wait()
    write_json(notes.folder / "plan.json", said | {"planner": name})


def test_a_run_whose_process_goes_on_is_running_and_one_not_started_is_queued(
    store: RunStore, sleeper: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = resolved(store), resolved(store, seed=1)
    notes = PlannerNotes(store, "local()")
    notes.open({first.key: first, second.key: second})
    notes.started({first.key: Job(name_of(sleeper.pid))})
    attempt = store.begin(first.key)
    write_json(attempt.folder / "spec.json", first.spec.to_json())
    last = {"epoch": 1, "step": 8, "learning_rate": 1e-3, "train_loss": 0.25, "validation_metric": None}
    (attempt.folder / "metrics.jsonl").write_text("{}\n" + json.dumps(last) + "\n")
    times = ("01 10:00", "01 10:05", "02 10:00", "02 10:05", "02 10:10")  # a day in the queue between two of them
    lines = [f"2026-01-{when}:00 epoch {number} of at most 4: train loss 0.25" for number, when in enumerate(times)]
    attempt.log.write_text("\n".join(["a warning", *lines]))
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 running, 1 queued\n")
    how = "epoch 2 of 4; learning rate 0.001, train loss 0.25; at most 10 min left"
    assert f"running {first.key[:12]}  PneumoniaMNIST, from Random, seed 0: {how}" in said
    assert f"queued  {second.key[:12]}" in said
    assert f"for its turn in process {os.getpid()}" in said


@pytest.mark.parametrize("content", [b"{\n", b"[1]\n", b"\xff\n", b"\n", b""])
def test_metrics_that_cannot_be_read_do_not_stop_whoever_asks(
    content: bytes, store: RunStore, sleeper: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    run = resolved(store)
    notes = PlannerNotes(store, "local()")
    notes.open({run.key: run})
    notes.started({run.key: Job(name_of(sleeper.pid))})
    (store.begin(run.key).folder / "metrics.jsonl").write_bytes(content)
    assert main(["status"]) == 0
    assert capsys.readouterr().out.startswith("1 running\n")


def test_a_planner_that_is_gone_leaves_stopped_runs_until_another_takes_them_over(store: RunStore) -> None:
    first, second = resolved(store), resolved(store, seed=1)
    notes = PlannerNotes(store, "local()")
    notes.open({first.key: first, second.key: second})
    gone(notes)
    assert {one.state for one in run_states(store)} == {"stopped"}
    assert all("the same command goes on with it" in one.why for one in run_states(store))
    again = PlannerNotes(store, "local()")
    again.open({first.key: first, second.key: second})
    assert [planned.folder for planned in plans(store)] == [again.folder]
    again.close()
    assert run_states(store) == []


def test_a_failed_run_says_why_and_where_its_log_is(
    store: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one, log = resolved(store), tmp_path / "log.txt"
    log.write_text("Traceback")
    notes = PlannerNotes(store, "local()")
    notes.open({one.key: one})
    notes.failed(Finished(one.key, "the loss is not finite", 5, log))
    notes.close()
    assert main(["status", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    attempt = store.begin(one.key)  # a log of its own, beside the one that the note names
    assert said["state"] == "failed"
    assert said["why"] == "the loss is not finite"
    assert attempt.folder.is_dir()


def test_a_run_that_goes_on_says_how_many_attempts_were_given_up(store: RunStore) -> None:
    one = resolved(store)
    store.begin(one.key)
    process = subprocess.Popen(["true"])
    host, number = name_of(process.pid).split(" ")[:2]
    process.wait()
    (store.root / "attempts" / f"{one.key}.{host}.{number}.0000").mkdir()
    (state,) = run_states(store)
    assert state.state == "running"
    assert state.why.endswith("; 1 earlier attempt was given up")


def test_a_pretraining_goes_by_the_name_of_its_method(store: RunStore) -> None:
    recipe = recipe_named("phantom_ssl/moco_v2")
    pretraining = spec(stage="pretrain", dataset="fractals", recipe=recipe)
    told = "MoCo-v2 pretraining on Fractals, from Random"
    assert run_title(pretraining).startswith(told)
    assert noted_title(described(pretraining)).startswith(told)


def test_an_attempt_without_a_planner_is_told_too(store: RunStore) -> None:
    one = resolved(store)
    attempt = store.begin(one.key)
    assert [(state.key, state.state) for state in run_states(store)] == [(one.key, "running")]  # by this process
    attempt.folder.rename(attempt.folder.with_name(f"{one.key}.elsewhere.1.0000"))
    (state,) = run_states(store)
    assert state.state == "stopped"
    assert "process 1 on elsewhere cannot be seen from here" in state.why


def test_what_is_done_is_counted_and_listed_when_asked_for(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    record = run(spec(recipe=spec().recipe.override({"epochs": "1"})), paths_in(store.root.parent))
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "1 done\n"
    for options in (["--all"], [record.data["key"][:6]]):
        assert main(["status", *options]) == 0
        assert f"done    {record.data['key'][:12]}  PneumoniaMNIST, from Random, seed 0" in capsys.readouterr().out


def test_a_key_that_no_run_has_is_refused(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("status", "cancel"):
        assert main([command, "abc123"]) == 2
        assert "no run in the store has a key that starts with abc123" in capsys.readouterr().err


def test_cancel_ends_the_process_of_one_run_and_status_says_so(
    store: RunStore, sleeper: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = resolved(store), resolved(store, seed=1)
    notes = PlannerNotes(store, "local()")
    notes.open({first.key: first, second.key: second})
    notes.started({first.key: Job(name_of(sleeper.pid)), second.key: Job(name_of(os.getpid()))})
    assert main(["cancel", first.key[:8]]) == 0
    assert sleeper.wait(10) == -9
    assert {one.key: one.state for one in run_states(store)} == {first.key: "failed", second.key: "running"}
    assert main(["status"]) == 0
    assert "cancelled by `medtransfer cancel`" in capsys.readouterr().out


def test_cancel_says_what_it_cannot_end_from_here(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    one = resolved(store)
    notes = PlannerNotes(store, "local()")
    notes.open({one.key: one})
    assert main(["cancel", one.key[:8]]) == 2
    assert f"not ended: {one.key[:12]}, queued" in capsys.readouterr().err


def test_cancel_all_interrupts_the_commands_of_this_machine_first(
    store: RunStore, sleeper: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    one = resolved(store)
    notes = PlannerNotes(store, "local()")
    notes.open({one.key: one})
    said = json.loads((notes.folder / "plan.json").read_text())
    write_json(notes.folder / "plan.json", said | {"planner": name_of(sleeper.pid)})
    assert main(["cancel", "--all"]) == 0
    assert sleeper.wait(10) == -2
    assert f"interrupted process {sleeper.pid}" in capsys.readouterr().out


def test_a_process_is_not_taken_for_another_one_of_its_number(sleeper: subprocess.Popen[bytes]) -> None:
    name = name_of(sleeper.pid)
    host, number, started = name.split(" ")
    assert alive(name) is True
    assert alive(f"{host} {number} {int(started) + 1}") is False
    assert alive(f"another-host {number} {started}") is None
    sleeper.kill()
    deadline = time.monotonic() + 10
    while alive(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert alive(f"{host} {number}") is False, "what is left is an exit status that nobody has asked for"
    sleeper.wait()
    assert alive(name) is False
    assert alive(f"{host} {number}") is False


@pytest.fixture
def silent_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SLURM whose controller does not answer."""
    for command in ("squeue", "scancel"):
        path = tmp_path / "bin" / command
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2; exit 1\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_jobs_that_cannot_be_seen_now_are_not_forgotten(silent_cluster: None, store: RunStore) -> None:
    one = resolved(store)
    notes = PlannerNotes(store, "slurm()")
    notes.open({one.key: one})
    notes.started({one.key: Job("12")})
    notes.close()
    assert [planned.jobs for planned in plans(store)] == [{one.key: "12"}]
    gone(notes)
    PlannerNotes(store, "slurm()").open({one.key: one})
    assert {one.key: "12"} in [planned.jobs for planned in plans(store)]


def test_a_job_that_could_not_be_cancelled_has_not_failed(
    silent_cluster: None, store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = resolved(store)
    notes = PlannerNotes(store, "slurm()")
    notes.open({one.key: one})
    notes.started({one.key: Job("12")})
    monkeypatch.setattr(
        "experiments.execution.executors.slurm.Slurm.states", lambda _, jobs: {"12": JobState("running")}
    )
    assert main(["cancel", one.key[:8]]) == 2
    assert "Unable to contact slurm controller" in capsys.readouterr().err
    assert [state.state for state in run_states(store)] == ["running"]
