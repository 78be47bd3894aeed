"""What torchrun and srun say is understood, and a command that they start several times does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.run.ddp.distributed import environment, group
from experiments.run.ddp.launch_environment import started_together
from specs.errors import UsageError

TORCHRUN = {"TORCHELASTIC_RUN_ID": "7", "WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "GROUP_RANK": "1"}
STEP = {
    "SLURM_JOB_ID": "1234", "SLURM_STEP_ID": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2", "SLURM_NODELIST": "gpu[01-08]", "SLURM_STEP_NODELIST": "gpu[05-06]",
    "SLURM_NODEID": "1", "SLURM_PROCID": "2", "SLURM_LOCALID": "0",
}  # fmt: skip
RUN = ["run", "--dataset", "medmnist", "--edition", "phantom", "--backbone", "tiny(width=4)", "--initializer", "random"]
RUN += ["--recipe", "phantom/smoke", "--wandb", "disabled"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The environment that a parameter gives."""
    for name in (*TORCHRUN, *STEP, "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ({}, 1),
        (TORCHRUN, 4),
        (STEP, 4),
        # A batch script is one process, whatever its srun will start; so is a step of one task in a larger job.
        ({"SLURM_JOB_ID": "1234", "SLURM_NTASKS": "4"}, 1),
        ({"SLURM_JOB_ID": "1234", "SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "1"}, 1),
    ],
    indirect=["told"],
)
def test_processes_that_were_started_together_are_counted(told: None, count: int) -> None:
    assert started_together() == count
    assert (environment() is None) == (count == 1)


@pytest.mark.parametrize("told", [STEP], indirect=True)
def test_a_step_meets_on_its_own_first_node_at_a_port_that_no_other_step_has(
    told: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = environment()
    assert own is not None
    assert (own.world_size(), own.global_rank(), own.local_rank(), own.node_rank()) == (4, 2, 0, 1)
    assert own.main_address == "gpu05"
    ports = set()
    for job in range(1230, 1240):
        for step in range(4):
            monkeypatch.setenv("SLURM_JOB_ID", str(job))
            monkeypatch.setenv("SLURM_STEP_ID", str(step))
            ports.add(own.main_port)
    assert len(ports) == 40
    assert min(ports) >= 15000
    assert max(ports) < 25000
    monkeypatch.setenv("MASTER_ADDR", "login")
    monkeypatch.setenv("MASTER_PORT", "29500")
    assert (own.main_address, own.main_port) == ("login", 29500)


@pytest.mark.parametrize(
    "told", [{name: value for name, value in STEP.items() if name != "SLURM_NTASKS_PER_NODE"}], indirect=True
)
def test_tasks_that_are_not_counted_by_node_are_refused(told: None) -> None:
    with pytest.raises(UsageError, match=r"srun started 4 tasks.*Say --ntasks-per-node"):
        environment()


@pytest.mark.parametrize("told", [TORCHRUN, STEP], indirect=True)
def test_processes_that_are_not_as_many_as_the_devices_are_refused(told: None) -> None:
    with pytest.raises(UsageError, match="4 processes were started together to train on 2 device"), group(2):
        raise AssertionError("the group was joined")


@pytest.mark.parametrize(
    ("told", "starter"), [(TORCHRUN, "torchrun"), (STEP, "srun")], indirect=["told"], ids=["torchrun", "srun"]
)
@pytest.mark.parametrize("command", [RUN, ["table", "initializations", "--profile", "smoke", "--wandb", "disabled"]])
def test_a_command_that_is_started_several_times_says_how_to_start_it_once(
    told: None, starter: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert f"{starter} started this command 4 times" in (said := capsys.readouterr().err)
    assert "--devices 4" in said
    assert not list(tmp_path.glob("runs/attempts/*"))


def test_a_table_whose_batches_the_devices_cannot_share_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["table", "initializations", "--profile", "smoke", "--devices", "3", "--dry-run"]) == 2
    assert "cannot be divided among 3 devices" in capsys.readouterr().err
