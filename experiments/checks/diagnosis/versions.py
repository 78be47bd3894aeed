"""Whether Python and the packages have the versions that the installed distribution requires."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from experiments.checks.diagnosis.check_result import CheckResult

DISTRIBUTION = "medtransfer"


def installed_version(name: str) -> str | None:
    """The version of an installed distribution, without importing it; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def versions(python: str, of: Callable[[str], str | None] = installed_version) -> list[CheckResult]:
    """Whether Python and all packages have the versions that the distribution requires.

    Args:
        python: the version of the running Python, such as ``3.11.9``.
        of: a function that gives the version of an installed distribution; None if it is not installed.
    """
    try:
        wanted, needed = metadata(DISTRIBUTION)["Requires-Python"], requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return [CheckResult("packages", "problem", f"{DISTRIBUTION} is not installed", "Install it: pip install -e .")]
    return [python_version(python, wanted or ""), *packages(needed, of)]


def python_version(found: str, wanted: str) -> CheckResult:
    """Whether the distribution runs on this version of Python.

    Args:
        found: the version of the running Python, such as ``3.11.9``.
        wanted: the range of versions that the distribution states, such as ``>=3.11``.
    """
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return CheckResult("python", "ok", found)
    return CheckResult("python", "problem", f"{found}, expected {wanted}", "Make the environment with a newer Python.")


def packages(needed: Sequence[str], of: Callable[[str], str | None]) -> list[CheckResult]:
    """One result for each package that is missing, bad or of a wrong version; one for all if none is.

    Args:
        needed: the requirements as the distribution states them; those of extras are left out.
        of: a function that gives the version of an installed distribution; None if it is not installed.
    """
    own = [one for text in needed if not (one := Requirement(text)).marker or one.marker.evaluate({"extra": ""})]
    faults = [fault for one in own if (fault := _fault(one, of(one.name)))]
    return faults or [CheckResult("packages", "ok", f"{len(own)} as {DISTRIBUTION} requires them")]


def _fault(needed: Requirement, found: str | None) -> CheckResult | None:
    install = f"pip install '{needed.name}{needed.specifier}'"
    if found is None:
        return CheckResult(
            needed.name, "problem", f"not installed, expected {needed.specifier}", f"Install it: {install}"
        )
    if needed.specifier.contains(found, prereleases=True):
        return None
    if any(one.operator == "!=" and not one.contains(found, prereleases=True) for one in needed.specifier):
        return CheckResult(
            needed.name, "problem", f"{found}, a release that is known to be bad and excluded ({needed.specifier})",
            f"Do not run it; replace it: {install}. setup.cfg says what is wrong with it.",
        )  # fmt: skip
    older = any(one.operator in (">=", ">", "~=") and Version(found) < Version(one.version) for one in needed.specifier)
    age = "too old" if older else "too new"
    return CheckResult(
        needed.name, "problem", f"{found} is {age}, expected {needed.specifier}", f"Change it: {install}"
    )


def own_packages(intruder: str | None, home: Path) -> CheckResult:
    """Whether Python imports this project's packages from this project's folder.

    Args:
        intruder: the description of a package that hides one of this project's, from ``specs.packages.intruder``; None
            if there is none.
        home: the folder that holds this project's packages.
    """
    if intruder is None:
        return CheckResult("own packages", "ok", f"all from {home}")
    remedy = "Run from another folder, take that one off PYTHONPATH, or install medtransfer into its own environment."
    return CheckResult("own packages", "problem", f"{intruder}, expected from {home}", remedy)
