"""SLURM: its commands, and what Lightning makes of its variables inside a job."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping

from experiments.diagnosis.finding import Finding

COMMANDS = ("sbatch", "srun", "scontrol", "sinfo")
TIMEOUT = 10.0
"""Seconds that ``sinfo`` may take; a controller that is down lets it wait longer."""

INTERACTIVE = ("bash", "interactive")
"""Names of jobs in which Lightning ignores SLURM's variables (``SLURMEnvironment.detect``)."""


def sinfo() -> str | None:
    """Why the controller does not answer; None if it does."""
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
) -> list[Finding]:
    """SLURM as it is seen from here.

    Args:
        environment: variables of the process.
        which: finds a command.
        silent: says why the controller does not answer, if it does not.
        submitit: its version, if it is installed.
    """
    lacking = [command for command in COMMANDS if not which(command)]
    found = []
    if lacking == list(COMMANDS):
        found.append(Finding("SLURM", "ok", "not here; runs go on this machine"))
    elif lacking:
        remedy = "Load the module of SLURM, or put its folder on PATH."
        found.append(Finding("SLURM", "warning", f"{', '.join(lacking)} not found beside the others", remedy))
    elif why := silent():
        remedy = "Wait, or ask whoever runs the cluster; runs on this machine work."
        found.append(Finding("SLURM", "warning", f"sinfo does not answer ({why})", remedy))
    else:
        optional = f"submitit {submitit}" if submitit else "submitit is not installed (optional)"
        found.append(Finding("SLURM", "ok", f"its commands are there and sinfo answers; {optional}"))
    return found + ([job(environment)] if "SLURM_JOB_ID" in environment else [])


def job(environment: Mapping[str, str]) -> Finding:
    """Whether a run, which is one process, can be started in this job.

    Lightning takes SLURM's variables for those of its own processes wherever ``SLURM_NTASKS`` is set and the job is
    not called interactive, in the shell of an ``salloc`` too: it then refuses or waits for processes that nobody
    starts (``lightning_fabric.plugins.environments.SLURMEnvironment``).
    """
    name = f"job {environment['SLURM_JOB_ID']}"
    tasks, per_node = environment.get("SLURM_NTASKS"), environment.get("SLURM_NTASKS_PER_NODE")
    if tasks is None or environment.get("SLURM_JOB_NAME") in INTERACTIVE:
        return Finding("SLURM job", "ok", f"{name}; Lightning leaves SLURM's variables alone")
    if "SLURM_PROCID" not in environment:
        remedy = "Say `unset SLURM_NTASKS`, start commands with `srun --ntasks=1`, or salloc --job-name=interactive."
        found = f"{name}, a shell that srun did not start, and SLURM_NTASKS={tasks}: Lightning would wait for srun"
        return Finding("SLURM job", "problem", found, remedy)
    if tasks != "1" or per_node not in (None, "1"):
        asked = f"SLURM_NTASKS={tasks}, SLURM_NTASKS_PER_NODE={per_node or 'not set'}"
        remedy = "Ask for --ntasks=1 and more --cpus-per-task: `medtransfer table` starts its runs itself."
        return Finding("SLURM job", "problem", f"{name}: {asked}, and a run is one process; Lightning refuses", remedy)
    return Finding("SLURM job", "ok", f"{name} of one task")
