"""Do the tests notice small faults? Single changes of the code, each tried by the tests that concern it.

    python -m benchmarks.mutation [--sample N] [--seed N] [--paths GLOB ...] [--folder DIR] [--again | --show]

A *mutant* is the product with one place changed: a boundary moved, a sign or a constant changed, arguments swapped, a
statement left out. It is *killed* if a test fails, and *survives* if none does; then either the tests miss something,
or the change changes nothing that matters. A sample is drawn from all mutants of the packages whose faults make wrong
science, of each package in proportion to its number, and the share that is killed is given with Wilson's 95 % interval
(Wilson 1927, https://doi.org/10.2307/2276774). It takes about an hour on two cores, so it is no part of `make bench`.

Everything happens in copies of the project under ``--folder``, which are made when a sample is begun; later starts take
only the tests from the working tree. Results are appended to ``results.jsonl`` there, and a later start goes on from
them. First, each file of tests is run once on the unchanged code, to record what each test calls, how long it takes and
whether it passes. Then a mutant meets the tests that call its function, from near and fast to far and slow, then others
that call its file. Some mutants' tests are also run on the unchanged code, in the same selection and order: these
*controls* must survive, or else tests depend on each other.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.journal import append, entries
from benchmarks.mutating.children import Copy, Task, outcomes, preload
from benchmarks.mutating.mutants import STRATA, Mutant, all_mutants, sample
from benchmarks.mutating.relevance import Trace, Tree, chosen, seconds_of
from benchmarks.mutating.session import tried, watched

PROJECT = Path(__file__).resolve().parent.parent

NOT_COPIED = (".*", "__pycache__", "*.egg-info", "runs", "prepared", "build", "tables", "data")

SLOWEST = 150.0
"""The processor time in seconds after which a file of tests is given up."""

PATIENCE = 20.0
"""The processor time in seconds that a mutant's tests may take beyond twice their time on the unchanged code."""

CONTROLS = 10

RESULTS = "results.jsonl"

Result = dict[str, Any]


def main() -> None:
    """Try mutants, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=600, help="mutants to draw (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the draw (default: %(default)s)")
    parser.add_argument("--paths", nargs="+", default=["*"], metavar="GLOB", help="only files such as 'analysis/*'")
    parser.add_argument(
        "--tests", nargs="+", default=["*"], metavar="GLOB", help="only tests such as 'tests/analysis/*'"
    )
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "medtransfer-mutation")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once (default: cores)"
    )
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="the time of a mutant's tests, at most (default: 30)"
    )
    parser.add_argument("--equivalent", type=Path, help="a file with names of mutants to leave out, one per line")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--again", action="store_true", help="try those again that survived, with the tests as they are")
    mode.add_argument("--show", action="store_true", help="try none; print the results that are there")
    options = parser.parse_args()
    trial = Trial(PROJECT, options.folder, options.jobs, options.seconds, options.tests)
    if not options.show:
        drawn = [mutant for mutant in all_mutants(trial.state()) if _one_of(mutant.path, options.paths)]
        os.environ.setdefault("MEDTRANSFER_TEST_DATA", str(PROJECT.parent / "shared" / "data"))
        trial.run(sample(drawn, options.sample, options.seed), options.again)
    equivalent = options.equivalent.read_text(encoding="utf-8").splitlines() if options.equivalent else []
    print(words(list(trial.results().values()), equivalent))


class Trial:
    """A trial of mutants of one state of the project, with its results.

    Args:
        project: the project's folder.
        folder: the folder for copies, traces and results.
        jobs: the number of processes that run at once.
        seconds: the time that the tests of a mutant may take, at most.
        tests: patterns of the files of tests that try mutants.
        controls: the number of mutants whose tests are run on the unchanged code, too.
    """

    def __init__(
        self,
        project: Path,
        folder: Path,
        jobs: int,
        seconds: float = 30.0,
        tests: Sequence[str] = ("*",),
        controls: int = CONTROLS,
    ) -> None:
        self._project, self._folder, self._jobs, self._seconds = project, folder.resolve(), jobs, seconds
        self._tests, self._controls = tests, controls
        own = (path.parent.name for path in project.glob("*/__init__.py"))
        self._packages = tuple(sorted(name for name in own if name not in ("benchmarks", "tests")))

    def state(self) -> Path:
        """The folder with the project as it was when the trial began, and with the present tests."""
        state = self._folder / "project"
        if not state.is_dir():
            shutil.copytree(self._project, state, ignore=shutil.ignore_patterns(*NOT_COPIED))
        shutil.rmtree(state / "tests")
        shutil.copytree(self._project / "tests", state / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        return state

    def results(self) -> dict[str, Result]:
        """The last result of each mutant, by name."""
        return {result["name"]: result for result in entries(self._folder / RESULTS)}

    def run(self, mutants: Sequence[Mutant], again: bool = False) -> None:
        """Try mutants that were not tried yet, with ``again`` also those that survived, and append the results.

        Raises:
            RuntimeError: if a control is killed: a test fails on the unchanged code in another order.
        """
        before = self.results()
        todo = [one for one in mutants if one.name not in before or (again and _alive(before[one.name]))]
        tree = Tree(self._folder / "project", self._packages)
        near = {path: tree.nearness(path) for path in {one.path for one in todo}}
        preload(tree.foreign, self._packages)
        copies = self._copies()
        traces, overheads = self._traces([one for one in tree.tests if _one_of(one, self._tests)], tree, copies)
        tests = {one.name: chosen(one, near[one.path], traces, self._seconds) for one in todo}
        known = {name for tests_of_file in traces.values() for name in tests_of_file}

        def tasks() -> Iterator[Task[tuple[Mutant, bool]]]:
            controls = 0 if again else self._controls
            for mutant in todo:
                names = tests[mutant.name]
                if not names:
                    self._note(mutant, "untested", None, 0.0)
                    continue
                files = {name.partition("::")[0] for name in names}
                expected = sum(overheads[file] for file in files)
                expected += seconds_of(traces[name.partition("::")[0]][name] for name in names)
                job, limit = partial(_tried, names, known), PATIENCE + 2 * expected
                if controls:
                    controls -= 1
                    yield Task((mutant, True), job, limit)
                content = mutant.of((tree.root / mutant.path).read_bytes())
                yield Task((mutant, False), job, limit, mutant.path, content)

        done = 0
        for (mutant, control), result, seconds in outcomes(tasks(), copies):
            outcome, by = _outcome(result)
            if control and outcome != "survived":
                raise RuntimeError(f"a control was killed by {by} with the tests {tests[mutant.name]}")
            if not control:
                done += 1
                self._note(mutant, outcome, by, seconds)
                print(f"{done}/{len(todo)} {outcome:9}{seconds:6.1f} s  {mutant.name}", file=sys.stderr, flush=True)

    def _note(self, mutant: Mutant, outcome: str, by: str | None, seconds: float) -> None:
        source = (self._folder / "project" / mutant.path).read_bytes()
        noted: Result = {
            "name": mutant.name,
            "stratum": mutant.stratum,
            "kind": mutant.kind,
            "outcome": outcome,
            "by": by,
        }
        noted |= {"seconds": round(seconds, 2), "difference": mutant.difference(source)}
        append(self._folder / RESULTS, noted)

    def _copies(self) -> list[Copy]:
        made = []
        for number in range(self._jobs):
            folder = self._folder / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self._folder / "project", folder / "project")
            made.append(Copy(folder / "project", folder / "s"))
        return made

    def _traces(
        self, files: Sequence[str], tree: Tree, copies: Sequence[Copy]
    ) -> tuple[dict[str, dict[str, Trace]], dict[str, float]]:
        """The traces of each file of tests, from an earlier start if possible, and the seconds besides its tests."""
        stored = self._folder / "traces"
        stored.mkdir(exist_ok=True)

        def place(file: str) -> Path:
            content = b"".join((tree.root / one).read_bytes() for one in tree.behind(file))
            return stored / f"{file.replace('/', '_')}-{hashlib.sha256(content).hexdigest()[:16]}.json"

        todo = [Task(file, partial(_watched, file), SLOWEST) for file in files if not place(file).is_file()]
        for file, record, seconds in outcomes(todo, copies):
            record = record if record and "tests" in record else {"seconds": seconds, "tests": {}, "why": record}
            temporary = place(file).with_suffix(".part")  # a kill leaves no half of a trace under its name
            temporary.write_text(json.dumps(record), encoding="utf-8")
            temporary.replace(place(file))
            tests = [one for one in record["tests"].values() if one["passed"]]
            print(f"{file}: {len(tests)}/{len(record['tests'])} tests, {seconds:.0f} s", file=sys.stderr, flush=True)
        read = {file: json.loads(place(file).read_text(encoding="utf-8")) for file in files}
        traces = {
            file: {
                name: Trace(one["seconds"], one["passed"], frozenset(one["calls"]), one["shared"])
                for name, one in record["tests"].items()
            }
            for file, record in read.items()
        }
        spent = {file: seconds_of(tests.values()) for file, tests in traces.items()}
        return traces, {file: max(read[file]["seconds"] - spent[file], 0.0) for file in files}


def _watched(file: str, root: Path, scratch: Path) -> dict[str, Any]:
    return watched(root, file, scratch)


def _tried(names: Sequence[str], known: set[str], root: Path, scratch: Path) -> dict[str, Any]:
    return tried(root, names, known, scratch)


def _outcome(result: Result | None) -> tuple[str, str | None]:
    """The outcome that a child's result means, and the test that noticed; a process that died counts as noticed."""
    if result is None:
        return "timeout", None
    if "died" in result:
        return "killed", f"the process died: {result['died']}"
    return "survived" if result["code"] in (0, 5) else "killed", result["by"]


def _one_of(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def _alive(result: Result) -> bool:
    return result["outcome"] in ("survived", "untested")


def words(results: Sequence[Result], equivalent: Sequence[str] = ()) -> str:
    """The results as text: the survivors as diffs, then a table by package; equivalent mutants are left out."""
    counted = [result for result in results if result["name"] not in set(equivalent)]
    alive = sorted((result for result in counted if _alive(result)), key=lambda result: result["name"])
    lines = [f"{result['name']}  ({result['outcome']})\n{result['difference']}\n" for result in alive]
    lines.append(f"{'':20}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'share':>8}  95 % interval")
    for name in [*dict.fromkeys(result["stratum"] for result in counted if result["stratum"] in STRATA), "all"]:
        lines.append(_row(name, [result for result in counted if name in ("all", result["stratum"])]))
    lines.append(f"{len(results) - len(counted)} equivalent mutants left out; {time.strftime('%Y-%m-%d')}")
    return "\n".join(lines)


def _row(name: str, results: Sequence[Result]) -> str:
    from analysis.shares import wilson  # not above: what forks mutants must not have the product in memory

    outcomes = [result["outcome"] for result in results]
    late, alive = outcomes.count("timeout"), sum(map(_alive, results))
    noticed = len(results) - alive
    low, high = wilson(noticed, len(results))
    share = f"{noticed / max(len(results), 1):8.1%}"
    return f"{name:20}{len(results):8}{noticed - late:8}{late:8}{alive:9}{share}  {low:.1%} to {high:.1%}"


if __name__ == "__main__":
    main()
