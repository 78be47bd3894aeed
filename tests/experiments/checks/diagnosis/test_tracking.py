"""wandb."""

from __future__ import annotations

import pytest

from experiments.checks.diagnosis.tracking import tracking


@pytest.mark.parametrize(
    ("version", "environment", "state"),
    [
        ("0.31", {}, "ok"),
        ("0.31", {"WANDB_MODE": "offline"}, "ok"),
        ("0.31", {"WANDB_MODE": "disabled"}, "ok"),
        ("0.31", {"WANDB_MODE": "online"}, "warning"),
        (None, {}, "warning"),
    ],
)
def test_wandb_is_offline_unless_the_program_is_told_otherwise(
    version: str | None, environment: dict[str, str], state: str
) -> None:
    found = tracking(version, environment)
    assert (found.state, bool(found.remedy)) == (state, state == "warning")
