"""A SLURM cluster, through submitit: job arrays, dependencies, several nodes for a run, requeue on preemption."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.execution.executor import Conditions, Dispatcher, JobState
from experiments.execution.slurm import queue
from experiments.execution.slurm.resources import Resources
from specs.errors import UsageError


@dataclass(frozen=True)
class Slurm(Resources):
    """Runs as jobs of a cluster, each after the jobs of the runs that it requires; ``--jobs`` limits a job array.

    Options of sbatch without an argument here can be set by sbatch's environment variables, such as ``SBATCH_QOS`` and
    ``SBATCH_CONSTRAINT`` (https://slurm.schedmd.com/sbatch.html#SECTION_INPUT-ENVIRONMENT-VARIABLES).
    """

    def check(self, devices: int) -> None:
        """Refuse devices that do not spread evenly over the nodes, and what the cluster will never take.

        The cluster is asked where its command sbatch is; elsewhere a dry run can still be looked at.

        Raises:
            UsageError: names both numbers, or quotes SLURM and what was asked for.
        """
        self._spread(devices)
        if shutil.which("sbatch") and (why := queue.refusal(self.options(devices, None))):
            gpus = ' Where nodes have no GPUs, write accelerator="cpu".' if self.accelerator == "gpu" else ""
            raise UsageError(
                f"slurm: the cluster takes no job with these settings: {why}. Correct the arguments of the executor; "
                f"`sinfo` shows partitions, nodes and time limits.{gpus}"
            )

    def _spread(self, devices: int) -> None:
        if devices % self.nodes:
            raise UsageError(
                f"slurm: {devices} devices do not spread evenly over {self.nodes} nodes. Give a multiple of the nodes "
                "as --devices."
            )

    def start(self, conditions: Conditions) -> Dispatcher:
        """Make a dispatcher that submits the runs of a planner as jobs.

        Raises:
            UsageError: without submitit or SLURM's commands, or if the settings do not fit.
        """
        self._spread(conditions.devices)  # sbatch answers for the rest when runs are submitted
        if not shutil.which("sbatch"):
            raise UsageError(
                "slurm: there is no command sbatch here. Work on a machine of the cluster, or load its module."
            )
        try:
            from experiments.execution.slurm.dispatcher import SlurmDispatcher
        except ModuleNotFoundError as error:
            if error.name != "submitit":
                raise
            raise UsageError("slurm needs submitit. Run `pip install submitit`.") from error
        return SlurmDispatcher(self, conditions)

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """The states of jobs by name; all are unknown if SLURM does not answer."""
        return queue.states_of(jobs)

    def cancel(self, jobs: Iterable[str]) -> None:
        """End jobs by name.

        Raises:
            UsageError: if SLURM does not answer.
        """
        queue.cancel(jobs)
