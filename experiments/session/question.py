"""A question: which initialization is best for a dataset? It becomes a table of one column, with nothing left open."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.statistics import ALPHA
from datamodules.dataset.contract import Dataset
from datamodules.dataset.counts import unscored
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.sides import shorter_side
from experiments.run.naming import metric_prefix, public_initializer, public_title, row_title
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.session.budget import Budget
from experiments.session.context import Say
from experiments.session.default_network import NETWORK, fitting_size, remark
from experiments.session.single import changed, named
from experiments.tables.table import Column, Row, Table
from specs.errors import DataError, UsageError
from specs.expression import Call, parse
from specs.fold import Fold
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.row import FORM, RowText, parse_row
from specs.run import Edition, digest
from specs.settling import settled
from specs.titles import distinct


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
        margin: in points of the score; a difference of no more does not matter to whoever asks.
        level: of all claims of a reader together: the share of such comparisons that may make a false one.
        budget: what may be spent until it is settled for both readers; None: until it is settled for these images, and
            at most what ``Rules.of_grid`` says, or, where rates are picked several times, whatever it takes.
        control: whether the reference is run once more with other seeds, to see whether the two are told apart.
        retune: how often each row's rate is picked anew, by runs of other seeds; with more than one, a row's runs take
            the picks in turn, so that what the pick adds to their spread counts, and there are at most so many runs.
        folds: so many parts of all patients, each of which is tested on once with each seed; None: the dataset's own
            splits.
    """

    dataset: str
    initializers: Sequence[str] = ("random", "imagenet")
    backbone: str | None = None
    edition: Edition = "real"
    recipe: str | Recipe | None = None
    settings: dict[str, object] = field(default_factory=dict)
    pretraining: str | Recipe | None = None
    learning_rates: Sequence[float] = (1e-4, 3e-4, 1e-3)
    margin: float = 1.0
    level: float = ALPHA
    budget: Budget | None = None
    control: bool = False
    retune: int = 1
    folds: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 100 or not 0 < self.level < 1:
            raise UsageError(
                f"expected a margin from 0 to below 100 points and a level in (0, 1), found {self.margin:g} and "
                f"{self.level:g}."
            )
        if self.retune < 1 or self.retune == 2:
            raise UsageError(
                f"--retune: expected 1, or 3 and more, found {self.retune}. With more than one, each run of a row has "
                "a pick of its own, and two runs are too few to tell rows apart."
            )

        if self.folds is not None:
            Fold(0, self.folds)
            if self.retune > 1:
                raise UsageError(
                    "--retune beside --folds: in each fold the rates are picked anew already. Leave one out."
                )

    @property
    def picks(self) -> tuple[Fold | None, ...]:
        """What each pick of the learning rates is for: a fold, or None, so often as it is repeated."""
        if self.folds is None:
            return (None,) * self.retune
        return tuple(Fold(number, self.folds) for number in range(self.folds))

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
            seeds=1,
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
    _check_tested(question, opened)
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


def _check_tested(question: Question, opened: OpenDataset) -> None:
    """Refuse a comparison by scores that the test images do not have, before anything is trained.

    Raises:
        DataError: says what the images lack.
    """
    for fold in dict.fromkeys(question.picks):
        tested = opened.index.test if fold is None else in_fold(opened, fold).index.test
        if (why := unscored(tested, opened.dataset.task)) is not None:
            remedy = "Divide the images so that it shows each class and its absence." if fold is None else "Take fewer."
            raise DataError(
                f"{DATASETS.short(question.dataset)}: the test split{'' if fold is None else f' of {fold.title}'} has "
                f"no score to compare by, since {why}. {remedy}"
            )


def name_of(question: Question, table: Table, splits: dict[str, str]) -> str:
    """What the files of a comparison are named; two different comparisons never have the same name.

    The end of the name is a digest of the dataset's splits and content, and of all that is compared. The margin, the
    budget and the learning rates are not in it: with others it is the same comparison, asked or known in another way.

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
        *([question.folds] if question.folds else ()),
    ]
    return f"compare-{metric_prefix(question.dataset)}-{digest(asked)[:8]}"


def _without_rate(recipe: Recipe) -> Any:
    """A recipe's optimizer at a learning rate of 1, since each row has its own."""
    return dataclasses.replace(recipe.optimizer, learning_rate=1.0)
