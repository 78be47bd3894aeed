"""SLURM as it shows itself: its commands, its controller, and its variables inside jobs."""

from __future__ import annotations

import os

import pytest
from lightning_fabric.plugins.environments import SLURMEnvironment

from experiments.diagnosis.cluster import cluster, job, sinfo


def everything(command: str) -> str:
    return f"/usr/bin/{command}"


def test_a_machine_without_slurm_is_in_order() -> None:
    (found,) = cluster({}, which=lambda command: None, silent=lambda: pytest.fail("sinfo was asked"))
    assert (found.state, found.found) == ("ok", "not here; runs go on this machine")


def test_a_cluster_that_answers_is_in_order_and_submitit_is_optional() -> None:
    (found,) = cluster({}, everything, lambda: None)
    assert found.state == "ok"
    assert "submitit is not installed (optional)" in found.found
    assert "submitit 1.5" in cluster({}, everything, lambda: None, "1.5")[0].found


def test_a_controller_that_is_down_and_half_an_installation_are_warnings() -> None:
    (found,) = cluster({}, everything, lambda: "Unable to contact slurm controller")
    assert (found.state, "Unable to contact" in found.found) == ("warning", True)
    (found,) = cluster({}, lambda command: None if command == "srun" else command, lambda: None)
    assert (found.state, found.found) == ("warning", "srun not found beside the others")


def test_sinfo_that_is_not_there_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "sinfo" in str(sinfo())


BASE = {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "table"}
JOBS = [
    ({"SLURM_NTASKS": "1", "SLURM_PROCID": "0"}, "ok"),
    ({"SLURM_NTASKS": "1", "SLURM_NTASKS_PER_NODE": "1", "SLURM_PROCID": "0"}, "ok"),
    ({}, "ok"),
    ({"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "interactive"}, "ok"),
    ({"SLURM_NTASKS": "4"}, "problem"),
    ({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, "problem"),
    ({"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "4", "SLURM_PROCID": "0"}, "problem"),
]


@pytest.mark.parametrize(("variables", "state"), JOBS)
def test_a_job_that_lightning_would_wait_in_is_a_problem(variables: dict[str, str], state: str) -> None:
    found = job(BASE | variables)
    assert found.state == state
    assert bool(found.remedy) == (state == "problem")
    assert cluster(BASE | variables, lambda command: None)[-1] == found


@pytest.mark.filterwarnings("ignore:The `srun` command")
@pytest.mark.parametrize(("variables", "state"), JOBS)
def test_lightning_itself_takes_or_leaves_the_variables_as_the_check_says(
    variables: dict[str, str], state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    for name, value in (BASE | variables).items():
        monkeypatch.setenv(name, value)

    def one_process() -> None:
        environment = SLURMEnvironment()
        environment.validate_settings(num_devices=1, num_nodes=1)
        assert environment.global_rank() == 0

    if not SLURMEnvironment.detect():
        assert state == "ok"
    elif state == "ok":
        one_process()
    else:
        with pytest.raises((RuntimeError, ValueError, KeyError)):
            one_process()
