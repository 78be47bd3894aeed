"""MONAI, an extra."""

from __future__ import annotations

from experiments.checks.diagnosis.surfaces import surfaces


def test_an_extra_that_is_not_installed_is_in_order_and_the_command_is_named() -> None:
    assert surfaces("1.6.1").remedy == ""
    lacking = surfaces(None)
    assert (lacking.state, lacking.remedy[-34:]) == ("ok", "pip install 'medtransfer[surface]'")
