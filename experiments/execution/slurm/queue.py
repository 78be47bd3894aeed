"""The states of SLURM jobs by squeue, and the end of jobs by scancel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from experiments.execution.executor import JobState
from specs.errors import UsageError

TIMEOUT = 60.0
"""Seconds that a command of SLURM may take, since a busy controller answers late."""


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
