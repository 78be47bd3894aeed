"""Which tests concern a mutant: by how near their files are to its module, and by what each of them calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from benchmarks.mutating.mutants import Mutant

MIRRORED, DIRECT, BESIDE, FAR = range(4)
"""How near a file of tests is to a module: its mirror; imports it; tests the same package; any other."""


@dataclass(frozen=True)
class Trace:
    """What one test did on the code as it is.

    Attributes:
        seconds: it took, with its own fixtures.
        passed: whether it did; only such tests can notice a mutant.
        calls: functions of the product that ran in it or in its fixtures, as ``PATH:LINE``.
        shared: seconds of fixtures that it shares with other tests, by name.
    """

    seconds: float
    passed: bool
    calls: frozenset[str]
    shared: Mapping[str, float] = field(default_factory=dict)

    @property
    def alone(self) -> float:
        """Seconds that it takes where no other test runs."""
        return self.seconds + sum(self.shared.values())


def seconds_of(traces: Iterable[Trace]) -> float:
    """Seconds that tests take together: shared fixtures are set up once."""
    kept = list(traces)
    shared: dict[str, float] = {}
    for one in kept:
        shared |= one.shared
    return sum(one.seconds for one in kept) + sum(shared.values())


Traces = Mapping[str, Mapping[str, Trace]]
"""By file of tests, then by the test's name."""


@dataclass(frozen=True)
class Tree:
    """The files of a project, read as text.

    Attributes:
        root: its folder.
        packages: its import packages.
    """

    root: Path
    packages: tuple[str, ...]

    @cached_property
    def tests(self) -> tuple[str, ...]:
        """Files of tests, from the root; those of benchmarks concern no product."""
        found = sorted(path.relative_to(self.root).as_posix() for path in (self.root / "tests").rglob("test_*.py"))
        return tuple(path for path in found if not path.startswith("tests/benchmarks/"))

    @cached_property
    def imported(self) -> dict[str, frozenset[str]]:
        """Files of the project that each of its files imports, anywhere in it."""
        files = [path for package in (*self.packages, "tests") for path in (self.root / package).rglob("*.py")]
        known = {path.relative_to(self.root).as_posix() for path in files}
        return {path: frozenset(_imports(self.root / path) & known) for path in known}

    @cached_property
    def foreign(self) -> tuple[str, ...]:
        """Modules of others that the project's files import at their top, as far as imports name them."""
        own = {*self.packages, "tests", "benchmarks"}
        found = set[str]()
        for path in self.imported:
            for node in ast.parse((self.root / path).read_bytes()).body:
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                found |= {name for name in names if name.partition(".")[0] not in own}
        return tuple(sorted(found))

    def behind(self, test: str) -> list[str]:
        """A file of tests, and all that it and they import from among the tests, with what pytest reads by itself."""
        found = {path for path in self.imported if path.endswith("/conftest.py")} | {test}
        while more := {one for path in found for one in self.imported[path] if one.startswith("tests/")} - found:
            found |= more
        return sorted(found)

    def nearness(self, module: str) -> dict[str, int]:
        """How near each file of tests is to a module."""
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
    """Every file that the imports of a file may mean."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = list[str]()
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            path = name.replace(".", "/")
            found |= {f"{path}.py", f"{path}/__init__.py"}
    return found


def chosen(mutant: Mutant, nearness: Mapping[str, int], traces: Traces, seconds: float) -> list[str]:
    """The tests that try a mutant, in order: those that call its function, then others that call into its file.

    Outside of functions, all tests of near files stand for the callers. Nearer files come first, cheaper tests fill
    the time, and the tests of a file stay together.

    Args:
        mutant: what is to be noticed.
        nearness: of files of tests, as of ``Tree``.
        traces: of some of them.
        seconds: that the tests together may take, but for the cheapest one.
    """
    known = {file: {name: one for name, one in tests.items() if one.passed} for file, tests in traces.items()}
    place = f"{mutant.path}:{mutant.line}"

    def rank(file: str, trace: Trace) -> int | None:
        if place in trace.calls or (not mutant.line and nearness[file] <= DIRECT):
            return 0
        return 1 if any(call.startswith(f"{mutant.path}:") for call in trace.calls) else None

    candidates = [
        (found, nearness[file], trace, file, name)
        for file, tests in known.items()
        for name, trace in tests.items()
        if (found := rank(file, trace)) is not None
    ]
    kept, used, paid = list[tuple[int, int, str, str]](), 0.0, set[str]()
    for found, distance, trace, file, name in sorted(candidates, key=lambda one: (one[0], one[2].alone * (1 + one[1]))):
        cost = trace.seconds + sum(cost for fixture, cost in trace.shared.items() if fixture not in paid)
        if not kept or used + cost <= seconds:
            kept.append((found, distance, file, name))
            used += cost
            paid |= trace.shared.keys()
    return list(_in_files(kept, known))


def _in_files(kept: Sequence[tuple[int, int, str, str]], known: Mapping[str, Mapping[str, Trace]]) -> Iterator[str]:
    """Names by rank, then file by file from near and cheap to far and dear, each in its file's order."""
    groups: dict[tuple[int, int, str], set[str]] = {}
    for found, near, file, name in kept:
        groups.setdefault((found, near, file), set()).add(name)

    def order(group: tuple[int, int, str]) -> tuple[int, int, float]:
        found, near, file = group
        return found, near, seconds_of(known[file][name] for name in groups[group])

    for group in sorted(groups, key=order):
        yield from (name for name in known[group[2]] if name in groups[group])
