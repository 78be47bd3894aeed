"""What is asked of SLURM for each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from specs.errors import UsageError


@dataclass(frozen=True)
class Resources:
    """The resources of a job, which does one run.

    Args:
        nodes: the number of nodes that share a run; its ``--devices`` are spread evenly over them.
        accelerator: what a device is: a GPU, or a task of its own on CPU cores.
        partition: the cluster's partition that jobs are sent to; None takes the cluster's default.
        account: the account that is charged; None takes the user's default.
        minutes: the time limit of a job, in minutes. A job that has not finished by then is requeued and goes on from
            its checkpoint.
        cpus: the number of CPU cores per device; None takes the recipe's ``threads`` and one for each of the
            ``--workers``.
        gigabytes: the memory per node, in gigabytes; None takes the cluster's default.
        requeues: the largest number of times that a job that ran out of time is requeued.
        setup: the lines of shell that a job begins with, such as ``module load cuda``.
    """

    nodes: int = 1
    accelerator: Literal["gpu", "cpu"] = "gpu"
    partition: str | None = None
    account: str | None = None
    minutes: int = 480
    cpus: int | None = None
    gigabytes: int | None = None
    requeues: int = 10
    setup: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers below 1.

        Raises:
            UsageError: names the argument.
        """
        for name in ("nodes", "minutes", "cpus", "gigabytes", "requeues"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"slurm: {name} must be at least 1, found {value}.")

    def options(self, devices: int, cores: int | None) -> dict[str, Any]:
        """What a job asks for, by the names of sbatch's options with ``_`` for ``-``; None leaves an option away.

        Args:
            devices: the number of devices of a run, a multiple of ``nodes``.
            cores: the CPU cores of each device where ``cpus`` does not say them; None takes the cluster's default.
        """
        each = devices // self.nodes
        return {
            "time": self.minutes,
            "nodes": self.nodes,
            "ntasks_per_node": each,
            "cpus_per_task": self.cpus or cores,
            "gpus_per_node": each if self.accelerator == "gpu" else None,
            "partition": self.partition,
            "account": self.account,
            "mem": f"{self.gigabytes}GB" if self.gigabytes else None,
        }
