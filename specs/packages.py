"""The import packages of medtransfer, and whether Python would take all of them from this distribution."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

PACKAGES = (
    "analysis",
    "backbones",
    "datamodules",
    "experiments",
    "initializers",
    "lightning_modules",
    "medtransfer",
    "specs",
)
"""The import packages of this distribution, by name."""

HOME = Path(__file__).resolve().parent.parent
"""The folder that holds all of these packages."""


def intruder() -> str | None:
    """The first of our packages that Python would import from elsewhere, with that folder; None if all are ours.

    The names are general, and a package ``datamodules`` in a user's own project would shadow ours.
    """
    for package in PACKAGES:
        spec = _found(package)
        folders = [Path(folder).resolve().parent for folder in (spec.submodule_search_locations or [])] if spec else []
        if folders != [HOME]:
            if folders:
                return f"{package} from {folders[0]}"
            return f"{package} from {spec.origin if spec and spec.origin else 'nowhere'}"
    return None


def taken() -> str | None:
    """Import every one of our packages, unless there is an intruder; returns what ``intruder`` does.

    Once imported, each stays what its name means in this process, whatever is put on Python's path later.
    """
    found = intruder()
    if found is None:
        for package in PACKAGES:
            if package not in sys.modules:
                _import(package)
    return found


def _found(package: str) -> ModuleSpec | None:
    """The module spec by which a package was, or would be, imported; None where Python finds none.

    A folder without ``__init__.py``, such as one of results that is called ``experiments``, is passed over for a
    package of ours, as Python itself does where both lie in folders of its path; it does not where ours was installed
    in place (``pip install --editable``), which it looks for last.
    """
    module = sys.modules.get(package)
    found = getattr(module, "__spec__", None) if module else importlib.util.find_spec(package)
    if module is not None and found is None:
        return ModuleSpec(package, None, origin=getattr(module, "__file__", None) or "a module that was made by hand")
    if found is None or (found.origin is None and found.submodule_search_locations is not None):
        return PathFinder.find_spec(package, [str(HOME)]) or found
    return found


def _import(package: str) -> None:
    spec = _found(package)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    spec.loader.exec_module(module)


def explained(found: str) -> str:
    """What is wrong and what to do about a package that ``intruder`` found."""
    return (
        f"Python would import {found}, expected it from {HOME}. A file, folder or distribution of the same name stands "
        "before medtransfer on Python's path: take its folder off PYTHONPATH, give it another name, move the script "
        "that imports medtransfer into another folder, or install medtransfer into an environment of its own."
    )
