"""Whether wandb is installed, which mirrors records and is needed for nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.checks.diagnosis.check_result import CheckResult
from experiments.reporting.wandb.modes import asked_mode


def tracking(version: str | None, environment: Mapping[str, str]) -> CheckResult:
    """Whether records can be mirrored to wandb.

    Args:
        version: the version of the installed wandb; None if it is not installed.
        environment: the environment variables of the process.
    """
    if version is None:
        return CheckResult("wandb", "warning", "not installed", "Install it, or say --wandb disabled.")
    if (mode := environment.get("WANDB_MODE")) == "online":
        remedy = "Say --wandb online where you want to upload: the variable alone does not."
        return CheckResult("wandb", "warning", f"{version}, and WANDB_MODE is {mode!r}", remedy)
    return CheckResult("wandb", "ok", f"{version}; {asked_mode(None, environment)} unless --wandb says otherwise")
