"""The choice of the tests that concern a mutant, by how near they are to its module and by what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from benchmarks.mutating.mutants import Mutant

MIRRORED, DIRECT, BESIDE, FAR = range(4)
"""How near a file of tests is to a module: it mirrors it, imports it, tests the same package, or none of these."""


@dataclass(frozen=True)
class Trace:
    """A record of one test on the unchanged code.

    Attributes:
        seconds: the processor time of the test in seconds, with its own fixtures.
        passed: whether the test passed; only such tests can notice a mutant.
        calls: the functions of the product that ran in it or in its fixtures, as ``PATH:LINE``.
        shared: the seconds of fixtures that it shares with other tests, by name.
    """

    seconds: float
    passed: bool
    calls: frozenset[str]
    shared: Mapping[str, float] = field(default_factory=dict)

    @property
    def alone(self) -> float:
        """The seconds that the test takes on its own, shared fixtures included."""
        return self.seconds + sum(self.shared.values())


def seconds_of(traces: Iterable[Trace]) -> float:
    """The seconds that tests take together, where shared fixtures are set up once."""
    kept = list(traces)
    shared: dict[str, float] = {}
    for trace in kept:
        shared |= trace.shared
    return sum(trace.seconds for trace in kept) + sum(shared.values())


Traces = Mapping[str, Mapping[str, Trace]]
"""The traces by file of tests, then by the test's name."""


@dataclass(frozen=True)
class Tree:
    """The files of a project, read as text.

    Attributes:
        root: the project's folder.
        packages: the names of its import packages.
    """

    root: Path
    packages: tuple[str, ...]

    @cached_property
    def tests(self) -> tuple[str, ...]:
        """The paths of the files of tests, from the root, without those of benchmarks, which test no product code."""
        paths = sorted(path.relative_to(self.root).as_posix() for path in (self.root / "tests").rglob("test_*.py"))
        return tuple(path for path in paths if not path.startswith("tests/benchmarks/"))

    @cached_property
    def imported(self) -> dict[str, frozenset[str]]:
        """The files of the project that each of its files imports, at the top or inside functions."""
        files = [path for package in (*self.packages, "tests") for path in (self.root / package).rglob("*.py")]
        known = {path.relative_to(self.root).as_posix() for path in files}
        return {path: frozenset(_imports(self.root / path) & known) for path in known}

    @cached_property
    def foreign(self) -> tuple[str, ...]:
        """The third-party modules that the project's files import at their top."""
        own = {*self.packages, "tests", "benchmarks"}
        modules = set[str]()
        for path in self.imported:
            for node in ast.parse((self.root / path).read_bytes()).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                modules |= {name for name in names if name.partition(".")[0] not in own}
        return tuple(sorted(modules))

    def behind(self, test: str) -> list[str]:
        """A file of tests with all files of the tests folder that it depends on, the conftest files included."""
        files = {path for path in self.imported if path.endswith("/conftest.py")} | {test}
        while (
            more := {imported for path in files for imported in self.imported[path] if imported.startswith("tests/")}
            - files
        ):
            files |= more
        return sorted(files)

    def nearness(self, module: str) -> dict[str, int]:
        """The nearness of each file of tests to a module, from ``MIRRORED`` to ``FAR``."""
        path = PurePosixPath(module)
        mirrors = {f"tests/{path.parent}/test_{path.stem}.py", f"tests/{path.parent.parent}/test_{path.stem}.py"}
        own = "/".join(("tests", *path.parts[: 2 if path.parts[0] == "experiments" else 1], ""))

        def near(test: str) -> int:
            if test in mirrors:
                return MIRRORED
            if module in self.imported[test]:
                return DIRECT
            return BESIDE if test.startswith(own) else FAR

        return {test: near(test) for test in self.tests}


def _imports(file: Path) -> set[str]:
    """Every file that the imports of a file may refer to."""
    files = set[str]()
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = list[str]()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = name.replace(".", "/")
            files |= {f"{path}.py", f"{path}/__init__.py"}
    return files


def chosen(mutant: Mutant, nearness: Mapping[str, int], traces: Traces, seconds: float) -> list[str]:
    """The names of the tests that try a mutant: first those that call its function, then others that call its file.

    For a mutant outside of functions, all tests of near files count as callers. Nearer files come first, cheaper tests
    fill the time, and the tests of a file stay together.

    Args:
        mutant: the mutant that is to be noticed.
        nearness: how near each file of tests is to the mutant's module, from ``Tree.nearness``.
        traces: the traces of some of the tests.
        seconds: the time that the tests together may take, unless the cheapest one takes more.
    """
    known = {file: {name: trace for name, trace in tests.items() if trace.passed} for file, tests in traces.items()}
    function = f"{mutant.path}:{mutant.line}"

    def rank(file: str, trace: Trace) -> int | None:
        if function in trace.calls or (not mutant.line and nearness[file] <= DIRECT):
            return 0
        return 1 if any(call.startswith(f"{mutant.path}:") for call in trace.calls) else None

    candidates = [
        (rank_of_test, nearness[file], trace, file, name)
        for file, tests in known.items()
        for name, trace in tests.items()
        if (rank_of_test := rank(file, trace)) is not None
    ]
    kept, used, paid = list[tuple[int, int, str, str]](), 0.0, set[str]()
    for rank_of_test, distance, trace, file, name in sorted(
        candidates, key=lambda candidate: (candidate[0], candidate[2].alone * (1 + candidate[1]))
    ):
        cost = trace.seconds + sum(cost for fixture, cost in trace.shared.items() if fixture not in paid)
        if not kept or used + cost <= seconds:
            kept.append((rank_of_test, distance, file, name))
            used += cost
            paid |= trace.shared.keys()
    return list(_in_files(kept, known))


def _in_files(kept: Sequence[tuple[int, int, str, str]], known: Mapping[str, Mapping[str, Trace]]) -> Iterator[str]:
    """The names of tests by rank, then by file from near and fast to far and slow, and in each file's own order."""
    groups: dict[tuple[int, int, str], set[str]] = {}
    for rank, near, file, name in kept:
        groups.setdefault((rank, near, file), set()).add(name)

    def order(group: tuple[int, int, str]) -> tuple[int, int, float]:
        rank, near, file = group
        return rank, near, seconds_of(known[file][name] for name in groups[group])

    for group in sorted(groups, key=order):
        yield from (name for name in known[group[2]] if name in groups[group])
