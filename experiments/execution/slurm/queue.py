"""The states of SLURM jobs by squeue, the end of jobs by scancel, and whether sbatch would take one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.execution.executor import JobState
from specs.errors import UsageError

TIMEOUT = 60.0
"""Seconds that a command of SLURM may take, since a busy controller answers late."""

NEVER = (
    "invalid partition",
    "invalid account",
    "invalid qos",
    "invalid feature",
    "invalid generic resource",
    "requested node configuration is not available",
    "requested time limit is invalid",
    "node count specification invalid",
    "cpu count specification invalid",
    "memory specification can not be satisfied",
    "more processors requested than permitted",
)
"""What SLURM says of jobs that it will never take, in small letters; a limit that is reached passes, and is not here.
The errors of wrong options of https://github.com/SchedMD/slurm/blob/master/src/common/slurm_errno.c."""


def states_of(jobs: Iterable[str]) -> dict[str, JobState]:
    """The states of jobs by name; all are unknown if SLURM does not answer."""
    try:
        listed = _said("squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i|%T|%r")
    except UsageError as error:
        return {job: JobState("unknown", str(error)) for job in jobs}
    seen = {name: _state(state, reason) for name, state, reason in (line.split("|", 2) for line in listed)}
    return {job: seen.get(job, JobState("ended", "SLURM has forgotten it")) for job in jobs}


def cancel(jobs: Iterable[str]) -> None:
    """End jobs by name.

    Raises:
        UsageError: if SLURM does not answer.
    """
    names = list(jobs)
    if names:
        _said("scancel", "--quiet", *names)


def refusal(options: Mapping[str, Any]) -> str | None:
    """Why SLURM will never take a job with these options, as ``sbatch --test-only`` says; None if it may take it.

    Nothing is submitted. What SLURM refuses for the moment only, or cannot say now, it says when a job is submitted.

    Args:
        options: values by the names of sbatch's options with ``_`` for ``-``; an option of the value None is left away.
    """
    named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not None]
    command = ["sbatch", "--test-only", *named, "--wrap=true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if not done.returncode:
        return None
    said = [line.split("error: ")[-1].strip() for line in done.stderr.splitlines()]
    why = next((line for line in said if any(words in line.lower() for words in NEVER)), None)
    return f"{why} (asked for: {' '.join(named)})" if why else None


_QUEUED = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
_RUNNING = ("RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING")


def _state(state: str, reason: str) -> JobState:
    """A job's state by squeue's words for it (https://slurm.schedmd.com/job_state_codes.html)."""
    if state in _QUEUED:
        return JobState("queued", reason)
    if state in _RUNNING:
        return JobState("running")
    return JobState("ended", state if reason in ("None", state) else f"{state}, {reason}")


def _said(*command: str) -> list[str]:
    """The lines that a command of SLURM prints.

    Raises:
        UsageError: if the command is not installed, fails, or does not answer in time.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"slurm: {command[0]} does not answer ({error}). Try again later.") from error
    if done.returncode:
        raise UsageError(
            f"slurm: {command[0]} said: {done.stderr.strip()}. Try again later, or ask the cluster's staff."
        )
    return done.stdout.splitlines()
