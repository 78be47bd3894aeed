"""Comparing initializations on one dataset: a learning rate for each, then runs over seeds, then what to start from.

Every row has the same budget: each learning rate is tried once, the best on the validation split is taken, and the test
split is seen with that one alone, over seeds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.first import share_first
from datamodules.dataset.contract import Dataset
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.sides import shorter_side
from experiments.execution.planner import Plan, plan
from experiments.reporting.page.page import TITLE, render
from experiments.reporting.text.recommendation import recommendation
from experiments.run.naming import metric_prefix, public_initializer, public_title, row_title
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.session.context import Context, Say
from experiments.session.default_network import NETWORK, fitting_size, remark
from experiments.session.documents import Statistics, drawn_anew, finished_document
from experiments.session.making import published
from experiments.session.pages import Images, illustrated
from experiments.session.picking import before_rates, with_rates
from experiments.session.results import Compared, Planned
from experiments.session.single import changed, named
from experiments.tables.assemble import Cells
from experiments.tables.cells import resolve_cells
from experiments.tables.document import TableDocument
from experiments.tables.table import Column, Row, Table
from experiments.tables.tuning import tuning_remarks
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.files import write_text
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.row import FORM, RowText, parse_row
from specs.run import Edition, digest
from specs.settling import settled
from specs.titles import distinct

RESAMPLES = 1000
"""Of the test patients, if nobody says how many."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which initialization is best for a dataset?

    Attributes:
        dataset: a dataset expression.
        initializers: rows, ``NAME = WEIGHTS on BACKBONE``, each part but the weights optional (``specs.row``); the
            first one is the reference.
        backbone: of rows that name none: a backbone expression; None takes the default network, and with this project's
            own recipe a size that fits the images.
        edition: of the dataset.
        recipe: ``STUDY/NAME`` or a recipe; None takes this project's own for the kind of task.
        settings: of the recipe to change.
        pretraining: recipe of the pretrainings that rows need, likewise; None: they need none, or name their own.
        learning_rates: that each row tries.
        seeds: runs per row.
    """

    dataset: str
    initializers: Sequence[str] = ("random", "imagenet")
    backbone: str | None = None
    edition: Edition = "real"
    recipe: str | Recipe | None = None
    settings: dict[str, object] = field(default_factory=dict)
    pretraining: str | Recipe | None = None
    learning_rates: Sequence[float] = (1e-4, 3e-4, 1e-3)
    seeds: int = 5

    def table(self) -> Table:
        """The comparison as a table of one column.

        Raises:
            UsageError: if an expression is wrong, or an initialization is named twice.
        """
        dataset: Dataset = DATASETS.build(self.dataset)
        kind = "segmentation" if dataset.kind == "segmentation" else "classification"
        recipe = changed(named(self.recipe) or recipe_named(f"compare/{kind}"), self.settings)
        network = str(BACKBONES.bind(self.backbone or NETWORK))
        rows = rows_of([parse_row(text) for text in self.initializers])
        _check_different(rows, network)
        shown = public_title(DATASETS, self.dataset)
        return Table(
            title=f"Initializations for {shown}",
            question="Which initialization should a network for these images be fine-tuned from?",
            edition=self.edition,
            protocol="tuned",
            weights="as named in each row",
            backbone=network,
            rows=rows,
            columns=(Column(shown, str(parse(self.dataset)), recipe, tuned_on=shown),),
            reference=rows[0].label,
            pretraining=named(self.pretraining),
            seeds=self.seeds,
            overlaps="mark",
            tried=tuple(self.learning_rates),
        )


def rows_of(written: Sequence[RowText]) -> tuple[Row, ...]:
    """The rows of a table; without a name a row is called by its weights, and by its network if it has its own.

    Two different rows without a name never have one label: where they are called alike, their expressions are added.
    """
    rows = [
        Row(
            text.name or row_title(text.weights, text.backbone),
            str(text.weights),
            backbone=str(BACKBONES.bind(text.backbone)) if text.backbone is not None else None,
        )
        for text in written
    ]
    unnamed = [row for row, text in zip(rows, written, strict=True) if text.name is None]
    given = [text.name for text in written if text.name is not None]
    labels = iter(distinct([row.label for row in unnamed], [described(row) for row in unnamed], given))
    return tuple(
        row if text.name else dataclasses.replace(row, label=next(labels))
        for row, text in zip(rows, written, strict=True)
    )


def described(row: Row) -> str:
    """A row's weights, and its network if it has its own, for reports: no paths of datasets."""
    weights = public_initializer(INITIALIZERS.bind(row.initializer))
    return f"{weights} on {BACKBONES.short(row.backbone)}" if row.backbone else weights


def _check_different(rows: Sequence[Row], network: str) -> None:
    """Refuse fewer than two rows, two rows of one name, and one row under two names.

    Raises:
        UsageError: names them.
    """
    labels = [row.label for row in rows]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice or len(labels) < 2:
        what = f"{', '.join(twice)} more than once" if twice else ", ".join(labels) or "none"
        remedy = f" Leave out what is the same, and give other rows names of their own: {FORM}." if twice else ""
        raise UsageError(f"--from: expected two or more different initializations, found {what}.{remedy}")
    known: dict[tuple[Call, str], str] = {}
    for row in rows:
        backbone = row.backbone or network
        other = known.setdefault((settled(INITIALIZERS.bind(row.initializer), parse(backbone)), backbone), row.label)
        if other != row.label:
            raise UsageError(
                f'--from: "{other}" and "{row.label}" are the same weights on the same network. Expected two or more '
                "different initializations; leave one of them out."
            )


@dataclass(frozen=True)
class Asked:
    """A question about data that have been opened, with nothing left open.

    Attributes:
        question: with its network and image size.
        table: the comparison.
        opened: the dataset.
        remarks: what was chosen where nothing was said.
    """

    question: Question
    table: Table
    opened: OpenDataset
    remarks: tuple[tuple[str, str], ...]


def asked(question: Question, resolver: Resolver, say: Say) -> Asked:
    """Open the data of a question, and choose what it leaves open.

    Raises:
        UsageError: if the question is wrong.
        DataError: if the data are not there.
    """
    table = question.table()  # what is wrong with the question is answered before the data are opened
    opened = resolver.opened(DATASETS.bind(question.dataset), question.edition)
    if question.backbone is not None or all(row.backbone for row in table.rows):
        return Asked(question, table, opened, ())
    question = dataclasses.replace(question, backbone=NETWORK)
    size, side = table.columns[0].recipe.image_size, None
    if question.recipe is None and "image_size" not in question.settings:
        side = shorter_side(opened)
        size = fitting_size(side)
        question = dataclasses.replace(question, settings=question.settings | {"image_size": size})
    chosen = remark(size, side)
    say(f"network: {chosen}.")
    return Asked(question, question.table(), opened, (("network", chosen),))


def plan_comparison(question: Question, context: Context) -> Planned:
    """The runs by which learning rates are picked; those over seeds follow from what is picked.

    Raises:
        MedtransferError: if the data or weights are not there, or parts do not fit.
    """
    table = asked(question, context.resolver(), context.say).table
    first = before_rates(table, context, may_lack=False)
    if isinstance(first, Planned):
        return first
    cells = resolve_cells(first, context.resolver())
    return Planned(plan=_work(cells.runs, context), cells=cells)


def compared(
    question: Question,
    context: Context,
    statistics: Statistics,
    output: Path | None,
    page: Path | None,
    images: Images,
) -> Compared:
    """Tune, run, compare, recommend.

    Args:
        question: what is compared.
        context: where and how runs are done.
        statistics: how rows are compared; without ``bootstrap``, 1,000 resamples are drawn for the recommendation.
        output: a folder for the table's files; None writes none.
        page: an HTML page to write: a file, or a folder in which it is named like the table's files; None writes none.
        images: whether the page shows test images.

    Raises:
        MedtransferError: if nothing can be compared; single runs that fail are in the result.
    """
    known = asked(question, context.resolver(), context.say)
    statistics = dataclasses.replace(statistics, bootstrap=statistics.bootstrap or RESAMPLES)
    table, rates = with_rates(known.table, context, may_lack=False)
    cells = resolve_cells(table, context.resolver()).runs
    work = _work(cells, context)
    context.carry_out(work)
    name = name_of(known.question, table, known.opened.index.identity())
    document = finished_document(name, table, cells, work, context, statistics)
    document = dataclasses.replace(
        document,
        rows=tuple((row.label, described(row)) for row in table.rows),  # which name nobody's folders
        remarks=(*known.remarks, *document.remarks, *tuning_remarks(table, rates)),
        recommendation=_recommendation(document, cells, context, statistics.bootstrap or RESAMPLES),
    )
    made = published(document, work, context, output)
    if page is not None:
        page = page / f"{name}.html" if page.is_dir() else page
        write_text(page, render(TITLE, [illustrated(document, images, context.paths)]))
    return Compared(
        document=document,
        runs=made.runs,
        failures=made.failures,
        files=made.files,
        recommendation=document.recommendation,
        learning_rates={row: rate.rate for (row, _), rate in rates.items()},
        page=page,
    )


def name_of(question: Question, table: Table, splits: dict[str, str]) -> str:
    """What the files of a comparison are named; two different comparisons never have the same name.

    The end of the name is a digest of the dataset's splits and content, and of all that is compared. The number of
    seeds and the learning rates are not in it: with more of them it is the same comparison, known better.

    Args:
        question: what is compared.
        table: the same as a table.
        splits: digests of the dataset's splits and content.
    """
    (column,) = table.columns
    asked = [
        splits,
        str(DATASETS.short(question.dataset, DATASETS.build(question.dataset).membership)),
        question.edition,
        table.backbone,
        [
            str(INITIALIZERS.bind(row.initializer)) + (f" on {row.backbone}" if row.backbone else "")
            for row in table.rows
        ],
        dataclasses.replace(column.recipe, optimizer=_without_rate(column.recipe)).to_json(),
        table.pretraining.to_json() if table.pretraining else None,
    ]
    return f"compare-{metric_prefix(question.dataset)}-{digest(asked)[:8]}"


def _work(cells: Cells, context: Context) -> Plan:
    """The runs of all cells."""
    return plan((run for runs in cells.values() if not isinstance(runs, str) for run in runs), context.store)


def _without_rate(recipe: Recipe) -> Any:
    """A recipe's optimizer at a learning rate of 1, since each row has its own."""
    return dataclasses.replace(recipe.optimizer, learning_rate=1.0)


def _recommendation(document: TableDocument, cells: Cells, context: Context, resamples: int) -> tuple[str, ...]:
    """What to start from, by the runs that there are."""
    ((column, _),) = document.columns
    scores: dict[str, Any] = {}
    for (row, _), runs in cells.items():
        done = [] if isinstance(runs, str) else [context.store.record(run.key) for run in runs]
        if records := [record for record in done if record is not None]:
            drawn = drawn_anew(records, resamples, context)
            scores[row] = [[float("nan") if value is None else value for value in run] for run in drawn.values()]
    return recommendation(document, column, share_first(scores, seed=0) if len(scores) > 1 else {})
