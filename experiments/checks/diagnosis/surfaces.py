"""Whether MONAI is installed, which measures distances between surfaces of masks and is needed for nothing else."""

from __future__ import annotations

from experiments.checks.diagnosis.check_result import CheckResult


def surfaces(version: str | None) -> CheckResult:
    """Whether tables of segmentations tell surface distances.

    Args:
        version: the version of the installed MONAI; None if it is not installed.
    """
    if version is None:
        remedy = "For tables that tell surface distances: pip install 'medtransfer[surface]'"
        return CheckResult("MONAI", "ok", "not installed, and nothing else needs it", remedy)
    return CheckResult("MONAI", "ok", f"{version}; tables of segmentations tell surface distances")
