"""wandb, which mirrors records and is needed for nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.checks.diagnosis.finding import Finding


def tracking(version: str | None, environment: Mapping[str, str]) -> Finding:
    """Whether records can be mirrored.

    Args:
        version: of wandb; None: not installed.
        environment: variables of the process.
    """
    if version is None:
        return Finding("wandb", "warning", "not installed", "Install it, or say --wandb disabled.")
    mode = environment.get("WANDB_MODE")
    if mode not in (None, "offline"):
        remedy = "Unset it: --wandb says what is done, and the default is offline."
        return Finding("wandb", "warning", f"{version}, and WANDB_MODE is {mode!r}", remedy)
    return Finding("wandb", "ok", f"{version}; offline unless --wandb says otherwise")
