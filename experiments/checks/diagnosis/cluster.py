"""SLURM: its commands, and its variables inside a job."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping

from experiments.checks.diagnosis.check_result import CheckResult

COMMANDS = ("sbatch", "srun", "scontrol", "sinfo")
TIMEOUT = 10.0
"""Seconds that ``sinfo`` may take; if the controller is down, it would wait longer."""


def sinfo() -> str | None:
    """The reason why SLURM's controller does not answer, by ``sinfo``; None if it answers."""
    try:
        done = subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit status {done.returncode}")


def cluster(
    environment: Mapping[str, str],
    which: Callable[[str], str | None] = shutil.which,
    silent: Callable[[], str | None] = sinfo,
    submitit: str | None = None,
) -> list[CheckResult]:
    """Whether SLURM is installed here, answers, and can be used.

    Args:
        environment: the environment variables of the process.
        which: a function that finds the path of a command; None if there is no such command.
        silent: a function that gives the reason why SLURM's controller does not answer; None if it answers.
        submitit: the version of the installed submitit; None if it is not installed.
    """
    lacking = [command for command in COMMANDS if not which(command)]
    found = []
    if lacking == list(COMMANDS):
        found.append(CheckResult("SLURM", "ok", "not here; runs go on this machine"))
    elif lacking:
        remedy = "Load the module of SLURM, or put its folder on PATH."
        found.append(CheckResult("SLURM", "warning", f"{', '.join(lacking)} not found beside the others", remedy))
    elif why := silent():
        remedy = "Wait, or ask whoever runs the cluster; runs on this machine work."
        found.append(CheckResult("SLURM", "warning", f"sinfo does not answer ({why})", remedy))
    else:
        answers = "its commands are there and sinfo answers"
        if submitit:
            found.append(CheckResult("SLURM", "ok", f"{answers}; submitit {submitit}"))
        else:
            remedy = "Run `pip install submitit` to send runs there with --executor slurm."
            found.append(CheckResult("SLURM", "warning", f"{answers}; submitit is not installed", remedy))
    return found + ([job(environment)] if "SLURM_JOB_ID" in environment else [])


def job(environment: Mapping[str, str]) -> CheckResult:
    """Whether a command can be given in this SLURM job: only one task may give it, since each would do the same runs.

    Args:
        environment: the environment variables of the process.
    """
    name, tasks = f"job {environment['SLURM_JOB_ID']}", environment.get("SLURM_STEP_NUM_TASKS", "1")
    if tasks == "1":
        return CheckResult("SLURM job", "ok", f"{name}; commands start their runs in it themselves")
    remedy = "Start commands with `srun --ntasks=1`, or without srun; --executor slurm submits jobs of several tasks."
    return CheckResult(
        "SLURM job", "problem", f"{name}: srun started {tasks} tasks, each of which gives the command", remedy
    )
