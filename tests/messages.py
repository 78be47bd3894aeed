"""Which errors about data, weights, runs and storage no test raises: the whole suite names them at its end.

The places that make such an error are found in the source, and those that made one in a process that tests are noted.
What runs in a process of its own, such as a worker, is not seen.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from specs.errors import MedtransferError

PROJECT = Path(__file__).resolve().parent.parent

KINDS = ("DataError", "WeightsError", "RunError", "StorageError")

PACKAGES = ("specs", "analysis", "backbones", "datamodules", "initializers", "lightning_modules", "experiments")


class SourceLines(NamedTuple):
    """Where an error is made: a file and the lines of the call."""

    file: str
    first: int
    last: int


def places() -> Iterator[SourceLines]:
    """All places of the product that make an error of these kinds."""
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                    yield SourceLines(str(path), node.lineno, node.end_lineno or node.lineno)


MADE: set[tuple[str, int]] = set()
"""File and line of each error that was made, by this process and, at the end, by those that tested beside it."""


def note_errors() -> None:
    """Note from now on where errors are made."""

    def made(error: MedtransferError, *arguments: object) -> None:
        caller = sys._getframe(1)
        MADE.add((caller.f_code.co_filename, caller.f_lineno))
        Exception.__init__(error, *arguments)

    MedtransferError.__init__ = made  # type: ignore[method-assign]


def untried() -> list[SourceLines]:
    """The places that made no error in any test."""
    lines: dict[str, set[int]] = {}
    for file, line in MADE:
        lines.setdefault(file, set()).add(line)
    return [at for at in places() if not any(at.first <= line <= at.last for line in lines.get(at.file, ()))]


def _whole(config: pytest.Config) -> bool:
    """Whether nothing was left out but what is left out by default."""
    asked = config.option
    chosen = asked.keyword or asked.deselect or asked.lf or asked.markexpr != "not slow"
    return not (config.args_source is config.ArgsSource.ARGS or chosen)


def pytest_testnodedown(node: Any) -> None:
    """Take over what a process that tested has noted."""
    MADE.update(map(tuple, getattr(node, "workeroutput", {}).get("errors", ())))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what was noted."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["errors"] = sorted(MADE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the places that no test tried."""
    config = terminalreporter.config
    if _whole(config) and (left := untried()):
        terminalreporter.section("errors that no test raises")
        for at in left:
            terminalreporter.line(f"{Path(at.file).relative_to(PROJECT)}:{at.first}")
