"""This machine: a fresh process for each run on CPU cores, or one that lasts for each GPU."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.execution.executor import Conditions, Dispatcher, JobState
from experiments.run.machine.cores import cores
from experiments.run.machine.processes import alive, end


@dataclass(frozen=True)
class Local:
    """Runs on this machine; ``--jobs`` of them at the same time, by default one per core, or per set of GPUs."""

    def check(self, devices: int) -> None:
        """Any number of devices fits."""

    def start(self, conditions: Conditions) -> Dispatcher:
        """Make a dispatcher for the runs of a planner."""
        from experiments.execution.local import LocalDispatcher

        return LocalDispatcher(conditions, cores(), _gpus())

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """The states of jobs by name; those of other machines are unknown."""
        return {job: _state(job) for job in jobs}

    def cancel(self, jobs: Iterable[str]) -> None:
        """Kill the processes of jobs; their planner goes on with its other runs."""
        for job in jobs:
            end(job, signal.SIGKILL)


def _state(job: str) -> JobState:
    going_on = alive(job)
    if going_on is None:
        return JobState("unknown", f"on {job.split(' ')[0]}, which has to be asked")
    return JobState("running") if going_on else JobState("ended", "its process is gone")


def _gpus() -> list[str]:
    """The GPUs that this process may use, by the names that ``CUDA_VISIBLE_DEVICES`` takes."""
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [name.strip() for name in visible.split(",")] if visible else []
    return names[: torch.cuda.device_count()] or [str(number) for number in range(torch.cuda.device_count())]
