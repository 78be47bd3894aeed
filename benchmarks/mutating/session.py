"""The work of a child process with pytest: tracing the calls of each test, or running the tests that try a mutant."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "--tb=short")
PLAIN = '--import-mode=importlib --strict-markers -m "not slow"'
"""The options that replace the project's own: one process, without distribution."""


class Watcher:
    """A plugin that records each test's time, outcome and calls into the project.

    The calls of a fixture of a wider scope count for every test that uses it, whichever test set it up. Its seconds are
    recorded separately, since tests that run together need them only once.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._tests = f"{root}{os.sep}", f"{root}{os.sep}tests{os.sep}"
        self._calls = set[str]()
        self._places: dict[tuple[str, int], str | None] = {}
        self._fixtures: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}
        self._paid = 0.0
        self.found: dict[str, dict[str, Any]] = {}

    def trace(self, frame: FrameType, event: str, argument: object) -> None:
        """Record a call; it is a trace function that returns None, so that lines are not traced."""
        code = frame.f_code
        at = (code.co_filename, code.co_firstlineno)
        try:
            function = self._places[at]
        except KeyError:
            inside = code.co_filename.startswith(self._root) and not code.co_filename.startswith(self._tests)
            function = f"{code.co_filename[len(self._root) :]}:{code.co_firstlineno}" if inside else None
            self._places[at] = function
        if function is not None:
            self._calls.add(function)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        """Record the calls and seconds of a shared fixture separately."""
        if fixturedef.scope == "function":
            return (yield)
        name = _shared(fixturedef, getattr(request, "param_index", 0))
        before, self._calls = self._calls, set()
        start, others = spent(), self._paid
        try:
            return (yield)
        finally:
            self._fixtures.setdefault(name, set()).update(self._calls)
            self._calls |= before
            own = spent() - start - (self._paid - others)  # without fixtures that it asked for
            self._paid += own
            self._seconds[name] = max(self._seconds.get(name, 0.0), own)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Record the time and calls of one test."""
        self._calls, start, others = set(), spent(), self._paid
        self.found[item.nodeid] = {"passed": False}
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            used = [name for name in _fixtures(item) if name in self._fixtures]
            calls = sorted(self._calls.union(*(self._fixtures[name] for name in used)))
            seconds = max(spent() - start - (self._paid - others), 0.0)
            shared = {name: self._seconds[name] for name in used}
            self.found[item.nodeid] |= {"seconds": seconds, "shared": shared, "calls": calls}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the outcome; a test passes if all its phases do."""
        if report.when == "call":
            self.found[report.nodeid]["passed"] = report.passed
        elif not report.passed:
            self.found[report.nodeid]["passed"] = False


def _shared(definition: Any, parameter: int) -> str:
    """The name of one setup of a fixture."""
    return f"{definition.baseid}::{definition.argname}[{parameter}]"


def _fixtures(item: Any) -> Iterator[str]:
    """The names of the setups that a test uses."""
    indices = item.callspec.indices if hasattr(item, "callspec") else {}
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        yield from (_shared(definition, indices.get(name, 0)) for definition in definitions)


class Chooser:
    """A plugin that runs the chosen tests in their order, and records the first that fails.

    A test that does not exist on the unchanged code is run too, since a mutant may change which tests there are.

    Args:
        names: the names of the tests to run, in order.
        known: the names of all tests in their files.
    """

    def __init__(self, names: Sequence[str], known: set[str]) -> None:
        self._order, self._known = {name: position for position, name in enumerate(names)}, known
        self.failed: str | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen tests, in their order."""
        wanted = [item for item in items if item.nodeid in self._order or item.nodeid not in self._known]
        items[:] = sorted(wanted, key=lambda item: self._order.get(item.nodeid, -1))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the first failure."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that cannot be collected as a failure."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def spent() -> float:
    """The processor time of this process and its children in seconds, which does not depend on other programs."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def pytest_run(root: Path, files: Sequence[str], plugin: object, scratch: Path, *options: str) -> int:
    """Run files of tests in this process, as if started in the project's folder, and return pytest's exit code."""
    os.chdir(root)
    sys.path[:] = [str(root), *(entry for entry in sys.path if entry not in ("", str(root)))]
    own = ["-o", f"addopts={PLAIN}", "--rootdir", str(root), f"--basetemp={scratch}"]
    return int(pytest.main([*OPTIONS, *options, *own, *files], plugins=[plugin]))


def watched(root: Path, file: str, scratch: Path) -> dict[str, Any]:
    """The traces of a file of tests, and the seconds of the whole file, as plain data."""
    start = spent()
    watcher = Watcher(root)
    code = pytest_run(root, [file], watcher, scratch, "--maxfail=1000000")
    return {"seconds": spent() - start, "code": code, "tests": watcher.found}


def tried(root: Path, names: Sequence[str], known: set[str], scratch: Path) -> dict[str, Any]:
    """Whether the chosen tests fail, and which first, as plain data.

    ``code`` is pytest's exit code; 0, and 5 where these tests do not exist any more, mean that the mutant survived.
    """
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    chooser = Chooser(names, known)
    code = pytest_run(root, files, chooser, scratch)
    return {"code": code, "by": chooser.failed}


Job = Callable[[Path, Path], dict[str, Any]]
"""A function that a child calls with the project's folder and a folder for temporary files."""
