"""How many processes torchrun or srun started together, from their environment variables, without importing torch.

torchrun: https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables;
srun: https://slurm.schedmd.com/srun.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES.
"""

from __future__ import annotations

import os

from specs.errors import UsageError


def started_by_torchrun() -> bool:
    """Whether torchrun, or ``experiments.run.ddp_launch`` in its way, started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def started_together() -> int:
    """The number of processes that torchrun or srun started together, including this one; 1 if it was started alone."""
    if started_by_torchrun():
        return int(os.environ["WORLD_SIZE"])
    # SLURM_NTASKS is set in a batch script too, which is one process that srun did not start.
    return int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))


def check_alone() -> None:
    """Refuse to plan runs in several processes, each of which would do all of them.

    Raises:
        UsageError: if this process was started together with others.
    """
    count, starter = started_together(), "torchrun" if started_by_torchrun() else "srun"
    if count > 1:
        raise UsageError(
            f"{starter} started this command {count} times, and each would do all runs. Start it once, and say how "
            f"many devices share a run: --devices {count}, with which it starts a process for each itself. (What "
            f"{starter} may start is a Python program that calls medtransfer.run(..., devices={count}).)"
        )
