r"""Which initialization is best for images of your own?

  medtransfer compare 'folder("ward-7", patient="patient")' --from random imagenet moco_v2 --data-root DIR
  medtransfer compare 'medmnist("pneumoniamnist")' --edition phantom --backbone tiny --from random fractals \
      --recipe phantom/classification --pretraining phantom/pretraining

Every row has the same budget: each learning rate is tried once, the best on the validation split is taken, and the test
split is seen with that one alone, over seeds. Then come the table's statistics, a recommendation that says how sure it
is, and a report. What is done is never done again.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.illustrating import add_images, illustrated
from experiments.commands.making import add_making, do_runs, drawn_anew, finished, show, show_plan
from experiments.commands.options import add_edition, add_execution, add_places, count_from, places
from experiments.commands.single import overridden
from specs.expression import parse

if TYPE_CHECKING:
    from experiments.assemble import Cells
    from experiments.rendering.document import TableDocument
    from experiments.resolve import Resolver
    from experiments.store import RunStore
    from experiments.table import Table

NAME = "compare"
HELP = "find the best initialization for a dataset of your own"

RESAMPLES = 1000
"""Of the test patients, if --bootstrap does not say how many."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dataset", metavar="EXPR", help="such as 'folder(\"ward-7\")'; docs/datasets.md says how")
    parser.add_argument(
        "--from", dest="initializers", nargs="+", default=["random", "imagenet"], metavar="EXPR",
        help="initializations; the first one is the reference (default: random imagenet)",
    )  # fmt: skip
    parser.add_argument("--backbone", default="resnet50", metavar="EXPR", help="(default: %(default)s)")
    parser.add_argument(
        "--recipe", metavar="STUDY/NAME", help="(default: compare/classification or compare/segmentation)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--pretraining", metavar="STUDY/NAME", help="recipe of the pretrainings that rows need")
    parser.add_argument(
        "--learning-rates", type=_rates, default=(1e-4, 3e-4, 1e-3), metavar="LIST",
        help="that each row tries (default: 1e-4,3e-4,1e-3)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=count_from(2), default=5, metavar="N", help="runs per row (default: %(default)s)"
    )
    parser.add_argument(
        "--report", type=Path, default=Path("compare.html"), metavar="FILE", help="the page (default: %(default)s)"
    )
    add_images(parser)
    add_edition(parser)
    add_making(parser)
    add_places(parser)
    add_execution(parser)


def _rates(text: str) -> tuple[float, ...]:
    """Positive numbers, separated by commas."""
    try:
        rates = tuple(float(one) for one in text.split(","))
    except ValueError:
        rates = ()
    if not rates or not all(0 < rate < 100 for rate in rates):
        raise argparse.ArgumentTypeError(f"expected learning rates such as 1e-4,3e-4,1e-3, found {text}")
    return rates


def execute(options: argparse.Namespace) -> int:
    """Tune, run, render, recommend."""
    from experiments.cells import ResolvedCells, resolve_cells
    from experiments.naming import metric_prefix
    from experiments.planner import plan
    from experiments.report.page import TITLE, render
    from experiments.resolve import Resolver
    from experiments.store import RunStore
    from experiments.tuning import candidates, picked, tuned
    from specs.files import write_text

    where = places(options)
    store, resolver = RunStore(where.runs), Resolver(where, options.devices)
    table = _table(options)
    options.bootstrap = options.bootstrap or RESAMPLES
    _check_data(table, resolver)
    tried = candidates(table, options.learning_rates, resolver)
    work = plan((run for runs in tried.values() for run in runs.values()), store)
    if options.dry_run:
        show_plan(work, ResolvedCells(), options.json)
        if not options.json:
            print(f"then {len(table.rows)} x {options.seeds} runs with the rates that are best on the validation split")
        return 0
    do_runs(work, options)
    rates = picked(tried, work, store)
    table = tuned(table, rates)
    cells = resolve_cells(table, resolver).runs
    work = plan((run for runs in cells.values() if not isinstance(runs, str) for run in runs), store)
    do_runs(work, options)
    document = finished(f"compare-{metric_prefix(options.dataset)}", table, cells, work, store, options)
    document = dataclasses.replace(
        document,
        rows=tuple((label, label) for label, _ in document.rows),  # the labels name nobody's folders
        remarks=(*document.remarks, *((row, one.remark) for row, one in rates.items())),
        recommendation=_recommendation(document, cells, store, options),
    )
    status = show(document, work, store, options)
    write_text(options.report, render(TITLE, [illustrated(document, options)]))
    if not options.json:
        print(f"report: {options.report}")
    return status


def _table(options: argparse.Namespace) -> Table:
    """The comparison as a table of one column.

    Raises:
        UsageError: if an expression is wrong, or an initialization is named twice.
    """
    from datamodules.contract import Dataset
    from experiments.naming import public_dataset, public_initializer
    from experiments.resolve import recipe_named
    from experiments.table import Column, Row, Table
    from specs.errors import UsageError
    from specs.registry import BACKBONES, DATASETS, INITIALIZERS

    dataset: Dataset = DATASETS.build(options.dataset)
    kind = "segmentation" if dataset.kind == "segmentation" else "classification"
    recipe = overridden(recipe_named(options.recipe or f"compare/{kind}"), options.set)
    labels = [public_initializer(INITIALIZERS.bind(one)) for one in options.initializers]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice or len(labels) < 2:
        what = f"{', '.join(twice)} more than once" if twice else labels[0]
        raise UsageError(f"--from: expected two or more different initializations, found {what}.")
    shown = public_dataset(options.dataset)
    return Table(
        title=f"Initializations for {shown}",
        question="Which initialization should a network for these images be fine-tuned from?",
        edition=options.edition,
        protocol="tuned",
        weights="as named in each row",
        backbone=str(BACKBONES.bind(options.backbone)),
        rows=tuple(Row(label, one) for label, one in zip(labels, options.initializers, strict=True)),
        columns=(Column(shown, str(parse(options.dataset)), recipe),),
        reference=labels[0],
        pretraining=recipe_named(options.pretraining) if options.pretraining else None,
        seeds=options.seeds,
        overlaps="mark",
    )


def _check_data(table: Table, resolver: Resolver) -> None:
    """Read the labels once before anything is planned, so that a wrong folder is answered first.

    Raises:
        DataError: if the data are not there or not in order.
    """
    (column,) = table.columns
    resolver.places.opened(parse(column.dataset), table.edition)


def _recommendation(
    document: TableDocument, cells: Cells, store: RunStore, options: argparse.Namespace
) -> tuple[str, ...]:
    """What to start from, by the runs that there are."""
    from analysis.first import share_first
    from experiments.rendering.recommendation import recommendation

    ((column, _),) = document.columns
    scores: dict[str, Any] = {}
    for (row, _), runs in cells.items():
        records = [] if isinstance(runs, str) else [record for run in runs if (record := store.record(run.key))]
        if records:
            drawn = drawn_anew(records, store, options)
            scores[row] = [[float("nan") if value is None else value for value in run] for run in drawn.values()]
    return recommendation(document, column, share_first(scores, seed=0) if len(scores) > 1 else {})
