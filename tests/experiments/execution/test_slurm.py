"""A real SLURM cluster of two nodes: a table with a dependency, a run over both nodes, cancelled and requeued jobs.

All of it goes on at the same time, since a job takes longer to start than to run.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.execution.planner import plan
from experiments.execution.run_status import run_states
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import RunStore
from experiments.tables.resolve_table import resolve_cells
from tests.conftest import PROJECT
from tests.experiments.program import medtransfer, outcomes
from tests.experiments.smoke import paths_in, spec, table_of_runs

LONGEST_WAIT = 600
"""Seconds that a command on the cluster may take; two cores that others use too are many times slower than idle."""

TABLE = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled"]
RUN = ["run", "--dataset", 'medmnist("pneumoniamnist")', "--edition", "phantom", "--backbone", "tiny(width=4)"]
RUN += ["--initializer", "random", "--recipe", "phantom/smoke", "--wandb", "disabled"]
LONG = ["--set", "epochs=40", "--set", "early_stopping=None"]


def slurm(**settings: object) -> list[str]:
    """The option that sends runs to the cluster, whose nodes have no GPUs."""
    given = {"accelerator": '"cpu"', "minutes": 30} | settings
    return ["--executor", f"slurm({', '.join(f'{name}={value}' for name, value in given.items())})"]


pytestmark = pytest.mark.slow  # starts a cluster and trains on it


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two nodes that answer: those that are there, or those that a script starts on this machine."""
    if _nodes() == 2:
        yield
        return
    script = Path(os.environ.get("MEDTRANSFER_TEST_CLUSTER", PROJECT.parent / "shared" / "tools" / "slurm-two-nodes"))
    if not script.is_file():
        pytest.skip(f"no SLURM here, and no {script} to start it; MEDTRANSFER_TEST_CLUSTER names such a script")
    folder = tmp_path_factory.mktemp("slurm")
    begun = subprocess.run([script, "start", folder], capture_output=True, text=True, timeout=300, check=False)
    if begun.returncode:
        pytest.skip(f"{script.name} cannot start SLURM here: {begun.stderr.strip()[-300:]}")
    yield
    subprocess.run([script, "stop", folder], timeout=60, check=True)


def _nodes() -> int:
    """Nodes that take jobs."""
    if shutil.which("sinfo") is None:
        return 0
    found = subprocess.run(["sinfo", "-h", "-N", "-o", "%t"], capture_output=True, text=True, check=False).stdout
    return sum(state in ("idle", "mix", "alloc") for state in found.split())


def job_running(folder: Path, stage: str) -> str:
    """The name of a job of a stage, as soon as one runs that has finished an epoch."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        for one in run_states(RunStore(folder / "runs")):
            if one.state == "running" and one.run["stage"] == stage and one.job and one.epochs:
                return one.job
        time.sleep(0.1)
    raise AssertionError(f"no {stage} ran: {run_states(RunStore(folder / 'runs'))}")


@dataclass(frozen=True)
class Made:
    """What went on on the cluster, and what came of it.

    Attributes:
        table: the folder where the table was made, of which a job was cancelled.
        first: exit status and messages of the command that lost a job.
        second: of the same command, given again.
        spanning: the folder of the run over both nodes.
        requeued: the folder of the run that was told to requeue.
    """

    table: Path
    first: tuple[int, str]
    second: tuple[int, str]
    spanning: Path
    requeued: Path


@pytest.fixture(scope="module")
def made(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Made:
    table, spanning, requeued = (tmp_path_factory.mktemp(name) for name in ("table", "spanning", "requeued"))
    long = medtransfer(*RUN, *LONG, *slurm(), folder=requeued)
    first = medtransfer(*TABLE, *slurm(), folder=table)
    both = medtransfer(*RUN, "--devices", "2", *slurm(nodes=2), folder=spanning)
    job = job_running(requeued, "finetune")
    subprocess.run(["scancel", "--signal=USR1", job], check=True)
    subprocess.run(["scancel", job_running(table, "finetune")], check=True)
    _start_at_once(job)
    ended = first.communicate(timeout=LONGEST_WAIT)[1]
    again = medtransfer(*TABLE, *slurm(), folder=table)
    said = again.communicate(timeout=LONGEST_WAIT)[1]
    for process in (long, both):
        errors = process.communicate(timeout=LONGEST_WAIT)[1]
        assert process.returncode == 0, errors
    return Made(table, (first.returncode, ended), (again.returncode, said), spanning, requeued)


def _start_at_once(job: str) -> None:
    """Let a requeued job start now; SLURM would wait two minutes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shown = subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True, check=True).stdout
        if "JobState=PENDING" in shown and "Restarts=1" in shown:
            subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=True)
            return
        time.sleep(0.2)
    raise AssertionError(f"the job was not queued again: {shown}")


def test_fine_tunings_are_submitted_with_the_pretraining_and_wait_for_it(made: Made) -> None:
    scripts = [path.read_text() for path in sorted((made.table / "runs" / "slurm").glob("*_submission.sh"))]
    assert any("--dependency=afterok:" in script and "--array=0-1" in script for script in scripts)


def test_a_cancelled_job_fails_its_run_alone_and_the_same_command_finishes_it(made: Made, tmp_path: Path) -> None:
    status, errors = made.first
    assert status == 5
    assert "ended without a result (CANCELLED" in " ".join(errors.split())
    assert made.second[0] == 0, made.second[1]
    runs = Resolver(paths_in(tmp_path))
    cells = resolve_cells(dataclasses.replace(table_of_runs("initializations", "smoke"), seeds=1), runs).runs
    wanted = plan((one for of in cells.values() if not isinstance(of, str) for one in of), RunStore(tmp_path / "runs"))
    for one in wanted.runs.values():
        run(one.spec, paths_in(tmp_path))
    assert outcomes(made.table) == outcomes(tmp_path)


def test_one_run_spans_both_nodes(made: Made) -> None:
    (record,) = (json.loads(path.read_text()) for path in (made.spanning / "runs").glob("*/record.json"))
    assert record["environment"]["devices"] == 2
    logs = "".join(path.read_text() for path in (made.spanning / "runs" / "slurm").glob("*_log.out"))
    assert "node=0(2), global_rank=0(2)" in logs
    assert "node=1(2), global_rank=1(2)" in logs


def test_a_requeued_run_goes_on_and_ends_with_the_numbers_of_an_undisturbed_one(made: Made, tmp_path: Path) -> None:
    (log,) = (made.requeued / "runs" / "slurm").glob("*_log.out")
    assert "Caught signal SIGUSR1" in log.read_text()
    assert "going on after epoch" in log.read_text()
    recipe = dataclasses.replace(spec().recipe, epochs=40, early_stopping=None)
    record = run(spec(recipe=recipe, pretraining=None), paths_in(tmp_path))
    assert outcomes(made.requeued) == {record.data["key"]: record.data["outcome"]}


def test_nothing_is_left_when_all_is_done(made: Made) -> None:
    assert not list((made.requeued / "runs" / "attempts").iterdir())
    for folder in (made.table, made.spanning, made.requeued):
        assert {one.state for one in run_states(RunStore(folder / "runs"))} == {"done"}
