"""SLURM as it shows itself: its commands, its controller, and its variables inside jobs."""

from __future__ import annotations

import pytest

from experiments.checks.diagnosis.cluster import cluster, job, sinfo


def everything(command: str) -> str:
    return f"/usr/bin/{command}"


def test_a_machine_without_slurm_is_in_order() -> None:
    (found,) = cluster({}, which=lambda command: None, silent=lambda: pytest.fail("sinfo was asked"))
    assert (found.state, found.found) == ("ok", "not here; runs go on this machine")


def test_a_cluster_that_answers_is_in_order_with_submitit() -> None:
    (found,) = cluster({}, everything, lambda: None, "1.5")
    assert (found.state, "submitit 1.5" in found.found) == ("ok", True)
    (found,) = cluster({}, everything, lambda: None)
    assert (found.state, found.remedy[:29]) == ("warning", "Run `pip install submitit` to")


def test_a_controller_that_is_down_and_half_an_installation_are_warnings() -> None:
    (found,) = cluster({}, everything, lambda: "Unable to contact slurm controller")
    assert (found.state, "Unable to contact" in found.found) == ("warning", True)
    (found,) = cluster({}, lambda command: None if command == "srun" else command, lambda: None)
    assert (found.state, found.found) == ("warning", "srun not found beside the others")


def test_sinfo_that_is_not_there_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "sinfo" in str(sinfo())


JOBS = [
    ({}, "ok"),
    ({"SLURM_NTASKS": "4"}, "ok"),  # a batch script that asked for four tasks is one process
    ({"SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"}, "ok"),
    ({"SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"}, "problem"),
]


@pytest.mark.parametrize(("variables", "state"), JOBS)
def test_a_job_in_which_several_tasks_give_the_command_is_a_problem(variables: dict[str, str], state: str) -> None:
    given = {"SLURM_JOB_ID": "7"} | variables
    found = job(given)
    assert found.state == state
    assert bool(found.remedy) == (state == "problem")
    assert cluster(given, lambda command: None)[-1] == found
