"""Many small runs through the local executor, against one program per run.

    python -m benchmarks.executor [--runs N] [--programs N] [--rounds N] [--json]

A run is 60 optimizer steps on a phantom: the smoke recipe for 3 epochs of 20 batches, on the tiny backbone, with its
validations, checkpoints, test and record. The peers are programs that call ``medtransfer.run`` with one spec each: one
after another, and as many at once as this process may use cores. (`medtransfer run` in a shell's loop would be slower,
since it mirrors its run to wandb.) A program costs the same whether it is one of 4 or of 24, so fewer programs are
timed than runs, and seconds per run are compared.

Ours is timed in two ways. *Server up*: planning, submitting and doing the runs while the server from which workers are
forked is running already. *All counted*: a program that imports, plans, starts the server and does the runs. It starts
as slowly as a peer, so its ratio cannot exceed runs * (start + run) / (start + runs * run / cores), whatever the
executor does. The target is for the executor alone.

The overhead of a run is the time from its submission by the planner to the worker's word that training begins, while
all cores are busy.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.interleaved import rates, ratio
from experiments.execution.executor import Conditions, Dispatcher, Job
from experiments.execution.local import LocalDispatcher
from experiments.execution.planner import carry_out, plan
from experiments.run.machine.cores import cores
from experiments.run.paths import Paths
from experiments.run.progress import Finished, Progress
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import RunStore
from specs.expression import parse
from specs.run import RunSpec

RUNS = 24
IN_TURN, AT_ONCE, OVERHEAD = 20.0, 5.0, 0.3
"""The targets of issue 8 of this project: how many times faster than programs in turn on 4 cores (half of it on 2), and
than programs at once; and the largest number of seconds from the planner to the first training step."""

OF_OVERHEAD = "submission to first step"

PROGRAM = """
import json, sys
from pathlib import Path
import medtransfer
from specs.run import RunSpec

if __name__ == "__main__":
    spec, *folders = map(Path, sys.argv[1:])
    medtransfer.run(RunSpec.from_json(json.loads(spec.read_text())), medtransfer.Paths(*folders))
"""
"""The program of the peers."""


def main() -> None:
    """Measure all contenders, and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS, help="through the executor in each round (default: 24)")
    parser.add_argument(
        "--programs", type=int, default=4, help="number for each peer in each round (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    parser.add_argument("--carry-out", type=Path, metavar="SPECS", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.carry_out:
        specs = [RunSpec.from_json(spec) for spec in json.loads(options.carry_out.read_text(encoding="utf-8"))]
        Bench(options.folder).through_the_executor(specs)
        return
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        comparisons = measure(Path(folder), options.rounds, options.runs, options.programs)
    print(json.dumps(comparisons, indent=1) if options.json else _words(comparisons))


def measure(folder: Path, rounds: int, runs: int = RUNS, programs: int = 4, **changes: Any) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        folder: the folder for data and runs.
        rounds: the number of rounds, in each of which all contenders take their turns.
        runs: the number of runs through the executor in each round.
        programs: the number of programs of each peer in each round; those at once are at least as many as cores.
        changes: settings of the recipe that differ from the smoke recipe's.
    """
    bench = Bench(folder, **changes)
    speeds = rates(
        {
            "server up": lambda: bench.through_the_executor(bench.new(runs)),
            "all counted": lambda: bench.by_one_program(bench.new(runs)),
            "in turn": lambda: bench.by_programs(bench.new(programs), 1),
            "at once": lambda: bench.by_programs(bench.new(max(programs, cores())), cores()),
        },
        rounds,
    )
    machine = f"{platform.machine()}, {cores()} cores"
    asked = {("server up", "in turn"): IN_TURN * cores() / 4, ("server up", "at once"): AT_ONCE}
    comparisons = []
    for way in ("server up", "all counted"):
        for peer in ("in turn", "at once"):
            ours, theirs = (1 / statistics.median(speeds[name]) for name in (way, peer))
            comparisons.append(
                {"name": f"{way}; programs {peer}", "ours": ours, "peer": theirs, "unit": "s a run"}
                | {"ratio": ratio(speeds, way, peer), "target": asked.get((way, peer)), "machine": machine}
            )
    waited = statistics.median(bench.waited[runs:])  # without the first round, which started the server
    comparisons.append(
        {"name": OF_OVERHEAD, "ours": waited, "peer": OVERHEAD, "unit": "s (peer: the limit)"}
        | {"ratio": waited / OVERHEAD, "target": 1.0, "machine": machine}
    )
    return comparisons


class Bench:
    """The contenders: new runs, done in one of the ways that are compared.

    Args:
        folder: the folder for data and runs.
        changes: settings of the recipe that differ from the smoke recipe's.

    Attributes:
        waited: the seconds from submission to the beginning of training, for each run that this process carried out.
    """

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.paths = Paths(folder / "data", folder / "runs", folder / "prepared")
        self.folder, self.waited, self._seeds = folder, list[float](), count()
        recipe = dataclasses.replace(recipe_named("phantom/smoke"), **({"epochs": 3, "batch_size": 8} | changes))
        self._spec = RunSpec(
            stage="finetune",
            dataset=parse('medmnist("pneumoniamnist")'),
            edition="phantom",
            backbone=parse("tiny(width=4)"),
            initializer=parse("random"),
            recipe=recipe,
        )

    def new(self, number: int) -> list[RunSpec]:
        """The specs of some runs that were never done."""
        return [dataclasses.replace(self._spec, seed=next(self._seeds)) for _ in range(number)]

    def through_the_executor(self, specs: list[RunSpec]) -> int:
        """Plan and do runs in this process, and return their number.

        Raises:
            RuntimeError: if a run fails.
        """
        resolver = Resolver(self.paths)
        planned = plan([resolver.resolve(spec) for spec in specs], RunStore(self.paths.runs))
        session = _Watched(_dispatcher(self.paths, cores()))
        carry_out(planned, session, lambda _: None)
        if planned.failed:
            raise RuntimeError(
                f"{len(planned.failed)} runs failed, the first one: {next(iter(planned.failed.values()))}"
            )
        self.waited += session.waited
        return len(specs)

    def by_one_program(self, specs: list[RunSpec]) -> int:
        """Plan and do runs in a program that is started for them, and return their number."""
        file = self.folder / "specs.json"
        file.write_text(json.dumps([spec.to_json() for spec in specs]), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.executor"]
        subprocess.run([*command, "--carry-out", str(file), "--folder", str(self.folder)], check=True)
        return len(specs)

    def by_programs(self, specs: list[RunSpec], together: int) -> int:
        """Start a program for each run, ``together`` of them at a time, and return the number of runs."""
        folders = [str(folder) for folder in (self.paths.data, self.paths.runs, self.paths.cache)]

        def start(spec: RunSpec) -> None:
            file = self.folder / f"spec-{spec.seed}.json"
            file.write_text(json.dumps(spec.to_json()), encoding="utf-8")
            subprocess.run([sys.executable, "-c", PROGRAM, str(file), *folders], check=True, capture_output=True)

        with ThreadPoolExecutor(together) as pool:
            for _ in pool.map(start, specs):
                pass
        return len(specs)


def _dispatcher(paths: Paths, jobs: int) -> Dispatcher:
    return LocalDispatcher(Conditions(paths, paths.runs / "notes"), jobs)


class _Watched:
    """A dispatcher that notes how long each run waits for its first step."""

    queues = False

    def __init__(self, session: Dispatcher) -> None:
        self._session, self._submitted, self.waited = session, dict[str, float](), list[float]()

    @property
    def free(self) -> int:
        return self._session.free

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        self._submitted |= dict.fromkeys((run.key for run in runs), time.perf_counter())
        return self._session.submit(runs, after)

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        for event in self._session.events(patience):
            if isinstance(event, Progress) and event.key in self._submitted:
                self.waited.append(time.perf_counter() - self._submitted.pop(event.key))
            yield event

    def close(self) -> None:
        self._session.close()


def _words(comparisons: list[dict[str, Any]]) -> str:
    """The comparisons as a table of text."""
    lines = [f"local executor; {comparisons[0]['machine']}, {time.strftime('%Y-%m-%d')}", ""]
    lines += [f"{'':36}{'ours':>8}{'peer':>8}{'ratio':>8}{'target':>15}  unit"]
    for row in comparisons:
        bound = "at most" if row["name"] == OF_OVERHEAD else "at least"
        target = f"{bound} {row['target']:.0f}" if row["target"] else ""
        lines.append(
            f"{row['name']:36}{row['ours']:8.3f}{row['peer']:8.3f}{row['ratio']:8.2f}{target:>15}  {row['unit']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
