"""A SLURM cluster, through submitit: job arrays, dependencies, several nodes for a run, requeue on preemption."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from experiments.executor import Conditions, JobState, Session
from specs.errors import UsageError

TIMEOUT = 60.0
"""Seconds that a command of SLURM may take; a busy controller answers late."""


@dataclass(frozen=True)
class Slurm:
    """Runs as jobs of a cluster, each waiting for the jobs of what it needs; ``--jobs`` limits an array.

    What it has no argument for, sbatch takes from its own environment variables, such as ``SBATCH_QOS`` and
    ``SBATCH_CONSTRAINT`` (https://slurm.schedmd.com/sbatch.html#SECTION_INPUT-ENVIRONMENT-VARIABLES).

    Args:
        nodes: that share a run; its ``--devices`` are spread evenly over them.
        accelerator: what a device is: a GPU, or a task of its own on CPU cores.
        partition: of the cluster; None takes its default.
        account: that is charged; None takes the user's default.
        minutes: that a job may take. One that has not finished by then is requeued and goes on from its checkpoint.
        cpus: cores per device; None: one for the training and one for each of the ``--workers``.
        gigabytes: of memory per node; None takes the cluster's default.
        requeues: how often a job that ran out of time goes on.
    """

    nodes: int = 1
    accelerator: Literal["gpu", "cpu"] = "gpu"
    partition: str | None = None
    account: str | None = None
    minutes: int = 480
    cpus: int | None = None
    gigabytes: int | None = None
    requeues: int = 10

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            UsageError: names the argument.
        """
        for name in ("nodes", "minutes", "cpus", "gigabytes", "requeues"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"slurm: {name} must be at least 1, found {value}.")

    def start(self, conditions: Conditions) -> Session:
        """Get ready to submit jobs.

        Raises:
            UsageError: without submitit or SLURM's commands, or if the devices do not spread evenly over the nodes.
        """
        if conditions.devices % self.nodes:
            raise UsageError(
                f"slurm: {conditions.devices} devices do not spread evenly over {self.nodes} nodes. Give a multiple "
                "of the nodes as --devices."
            )
        if not shutil.which("sbatch"):
            raise UsageError(
                "slurm: there is no command sbatch here. Work on a machine of the cluster, or load its module."
            )
        try:
            from experiments.slurm import SlurmSession
        except ModuleNotFoundError as error:
            if error.name != "submitit":
                raise
            raise UsageError("slurm needs submitit. Run `pip install submitit`.") from error
        return SlurmSession(self, conditions)

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """What SLURM says of jobs; all are unknown where it does not answer."""
        try:
            listed = _said("squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i|%T|%r")
        except UsageError as error:
            return {job: JobState("unknown", str(error)) for job in jobs}
        seen = {name: _state(state, reason) for name, state, reason in (line.split("|", 2) for line in listed)}
        return {job: seen.get(job, JobState("ended", "SLURM has forgotten it")) for job in jobs}

    def cancel(self, jobs: Iterable[str]) -> None:
        """End jobs.

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
        UsageError: if it is not there, fails, or does not answer.
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
