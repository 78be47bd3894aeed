"""Whether finished runs are mirrored into wandb, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Mode = Literal["offline", "online", "disabled"]


def asked_mode(mode: Mode | None, environment: Mapping[str, str]) -> Mode:
    """The mode that is used: the one asked for or, by default, ``offline``, and ``disabled`` if wandb is switched off.

    Args:
        mode: the mode that the user asked for; None: the user asked for none.
        environment: the environment variables of the process. ``WANDB_MODE=disabled`` and ``WANDB_DISABLED=true`` are
            heeded. ``WANDB_MODE=online`` is not: nothing is uploaded unless this very program is told to.
    """
    if mode is not None:
        return mode
    switched_off = environment.get("WANDB_MODE", "").strip().lower() == "disabled"
    if switched_off or environment.get("WANDB_DISABLED", "").strip().lower() in ("1", "true", "yes", "on"):
        return "disabled"
    return "offline"
