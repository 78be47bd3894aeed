"""Making a table, as `table` and `compare` do: doing its runs, testing, rendering, mirroring."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.options import add_executor, count_from, places
from specs.registry import DATASETS, INITIALIZERS

if TYPE_CHECKING:
    from experiments.assemble import Cells
    from experiments.cells import ResolvedCells
    from experiments.planner import Plan
    from experiments.progress import Report
    from experiments.rendering.document import NetworkCost, TableDocument
    from experiments.store import Record, RunStore
    from experiments.table import Table


def add_making(parser: argparse.ArgumentParser) -> None:
    """``--executor`` and what belongs to it, the statistics, and ``--output``."""
    add_executor(parser)
    parser.add_argument(
        "--marks", choices=("reference", "paper"), default="reference",
        help="test against the reference row, or mark as the papers did (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--test", choices=("student", "welch", "paired"), default="student",
        help="t-test against the reference row: pooled variance, Welch's, or of differences over seeds "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--alternative", choices=("two-sided", "greater", "less"), default="two-sided",
        help="what a row's mean is held to be beside the reference's (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--equivalence", type=points, metavar="POINTS",
        help="also say which rows are shown to lie within this margin of the reference row",
    )  # fmt: skip
    parser.add_argument(
        "--bootstrap", type=count_from(100), metavar="RESAMPLES",
        help="also give 95 %% intervals over this many resamples of the test patients, such as 1000",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("tables"), metavar="DIR",
        help="where the rendered files go (default: %(default)s)",
    )  # fmt: skip


def points(text: str) -> float:
    """A positive number of percentage points."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100:
        raise argparse.ArgumentTypeError(f"expected a number of points between 0 and 100, found {text}")
    return value


def show_plan(work: Plan, cells: ResolvedCells, as_json: bool) -> None:
    """Print what would run, and what is lacking."""
    runs = [
        {"key": key, "done": key in work.done, "needs": [need.key for need in run.requires], "spec": run.spec.to_json()}
        for key, run in work.runs.items()
    ]
    if as_json:
        empty = {f"{row} / {column}": why for (row, column), why in cells.runs.items() if isinstance(why, str)}
        lacking = [
            {"specs": [spec.to_json() for spec in specs], "errors": [str(error) for error in errors]}
            for specs, errors in cells.lacking.values()
        ]
        print(json.dumps({"runs": runs, "empty": empty, "lacking": lacking}, indent=1))
        return
    for key, run in work.runs.items():
        spec, state = run.spec, "done" if key in work.done else "to do"
        dataset, initializer = DATASETS.short(spec.dataset), INITIALIZERS.short(spec.initializer)
        print(f"{key[:12]}  {state:5}  {spec.stage:8}  {dataset}  from {initializer}  seed {spec.seed}")
    # Columns may measure the same runs.
    lacking_runs = dict.fromkeys(spec for specs, _ in cells.lacking.values() for spec in specs)
    for spec in lacking_runs:
        dataset, initializer = DATASETS.short(spec.dataset), INITIALIZERS.short(spec.initializer)
        print(f"{'-':12}  {'lacks':5}  {spec.stage:8}  {dataset}  from {initializer}  seed {spec.seed}")
    for place, why in cells.runs.items():
        if isinstance(why, str) and place not in cells.lacking:
            print(f"{'-':12}  {'-':5}  {place[0]} on {place[1]}: {why}")
    if cells.lacking:
        print(f"\n{len(lacking_runs)} runs cannot be planned before this is there:")
        for message in dict.fromkeys(str(error) for _, errors in cells.lacking.values() for error in errors):
            print("- " + message.replace("\n", "\n  "))
        print()
    print(f"{len(work.waiting)} of {len(work.runs)} runs to do (a dry run does none)")


def finished(
    name: str, table: Table, cells: Cells, work: Plan, store: RunStore, options: argparse.Namespace
) -> TableDocument:
    """The table's document, with what is measured of its runs afterwards and the statistics that were asked for."""
    from experiments.assemble import assemble

    measured, resampled = _evaluate(options, table, cells, records_of(work, store), store)
    costs: tuple[NetworkCost, ...] = ()
    if table.costs:
        from experiments.network_costs import network_costs

        run = {column for (_, column), runs in cells.items() if not isinstance(runs, str)}
        costs = network_costs(table, run, places(options), _told("timed networks"))
    return dataclasses.replace(
        assemble(name, table, cells, work, store, options.marks, measured, resampled),
        test=options.test,
        alternative=options.alternative,
        margin=options.equivalence,
        costs=costs,
    )


def _told(what: str) -> Report:
    def told(done: int, count: int, /) -> None:
        print(f"{what}: {done} of {count}", file=sys.stderr)

    return told


def show(document: TableDocument, work: Plan, store: RunStore, options: argparse.Namespace) -> int:
    """Write the files, mirror, print; returns the exit status, which is that of what failed."""
    from rich.console import Console

    from experiments.dashboard import mirror_runs, mirror_table
    from experiments.rendering.files import write_all
    from experiments.rendering.plain import to_json
    from experiments.rendering.terminal import print_table

    paths = write_all(document, options.output)
    mirror_runs(records_of(work, store), document.name, store.root / "wandb", options.wandb)
    mirror_table(document, store.root / "wandb", options.wandb)
    if options.json:
        print(to_json(document), end="")
    else:
        print_table(document, Console())
        print("files: " + ", ".join(str(path) for path in paths))
    return say_failures(work)


def say_failures(work: Plan) -> int:
    """Print what failed, each reason once; returns the exit status, which is that of what failed."""
    from rich.console import Console

    errors, alike = Console(stderr=True), dict[tuple[str | None, Path | None], list[str]]()
    for key, failed in work.failed.items():
        spec = work.runs[key].spec
        what = f"{INITIALIZERS.short(spec.initializer)} on {DATASETS.short(spec.dataset)}, seed {spec.seed}"
        alike.setdefault((failed.error, failed.log), []).append(what)
    for (error, log), (first, *others) in alike.items():
        more = f" and {len(others)} more" if others else ""
        errors.print(f"failed: {first}{more}: {error}", markup=False)
        if log:
            errors.print(f"  log: {log}", markup=False)
    statuses = {failed.exit_status for failed in work.failed.values()}
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else 5


def records_of(work: Plan, store: RunStore) -> list[Record]:
    """The runs of a plan that are done."""
    return [record for key in work.runs if (record := store.record(key)) is not None]


def _evaluate(
    options: argparse.Namespace, table: Table, cells: Cells, finished: list[Record], store: RunStore
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is measured of finished runs afterwards, by measure and key, and resamples if asked for."""
    from experiments.measure import measure_of

    records = {record.data["key"]: record for record in finished}
    names = {column.label: measure_of(column.measure)[0] if column.measure else None for column in table.columns}

    def of_columns(name: str | None) -> list[Record]:
        return [
            records[run.key]
            for (_, column), runs in cells.items()
            if names[column] == name and not isinstance(runs, str)
            for run in runs
            if run.key in records
        ]

    measured = {
        name: _measured(name, of_columns(name), store, options) for name in dict.fromkeys(names.values()) if name
    }
    return measured, drawn_anew(of_columns(None), store, options) if options.bootstrap else {}


def _measured(name: str, records: list[Record], store: RunStore, options: argparse.Namespace) -> dict[str, Any]:
    """The numbers of a measure of each run, by key."""
    from experiments.evaluations import evaluated
    from experiments.measure import measure_of

    where, (_, measure, _) = places(options), measure_of(name)
    told = _told(f"{measure.progress}, runs")
    return evaluated(name, measure.version, records, store, lambda record: measure.compute(record, where), told)


def drawn_anew(
    records: Iterable[Record], store: RunStore, options: argparse.Namespace
) -> dict[str, list[float | None]]:
    """Each run's score on ``--bootstrap`` resamples of its test patients, by key."""
    from experiments.evaluations import evaluated
    from experiments.resampling import VERSION, resampled

    where, count = places(options), options.bootstrap
    return evaluated(f"bootstrap-{count}", VERSION, records, store, lambda record: resampled(record, where, count))
