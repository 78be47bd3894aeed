"""The question which initialization is best for a dataset; it becomes a table of one column.

Parts that the question leaves open, such as the network, are chosen here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.statistics import ALPHA
from datamodules.dataset.contract import Dataset
from datamodules.dataset.counts import unscored
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.sides import shorter_side, side_of_some
from experiments.run.members import check_same_start
from experiments.run.paths import Paths
from experiments.run.public_names import metric_prefix, passed_on, public_title, row_title
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.session.budget import Budget
from experiments.session.context import Say
from experiments.session.default_network import NETWORK, fitting_size, remark
from experiments.session.single_run import changed, check_recipe_is_used, named
from experiments.tables.own_sizes import at_own_size, size_remarks
from experiments.tables.rows import rows_of
from experiments.tables.table import Column, Row, Table
from specs.errors import DataError, UsageError
from specs.expression import Call, parse
from specs.fold import Fold
from specs.recipe import Recipe
from specs.registry import ADAPTATIONS, BACKBONES, DATASETS, INITIALIZERS
from specs.row import FORM, parse_row
from specs.run import Edition, digest
from specs.settling import settled


@dataclass(frozen=True, kw_only=True)
class Question:
    """The question which of several initializations is best for a dataset.

    Attributes:
        dataset: the expression of the dataset.
        initializers: the rows, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``, each part but the weights optional
            (``specs.row``); the first row is the reference.
        backbone: the expression of the backbone of rows that name none; None takes the default network, and with this
            project's own recipe an image size that fits the images.
        edition: the edition of the dataset.
        recipe: the recipe of the fine-tunings, or its name ``STUDY/NAME``; None takes this project's own for the kind
            of task.
        settings: new values for settings of the recipe, by name.
        pretraining: the recipe of supervised pretrainings that rows need, or its name; None if they need none, or name
            their own.
        learning_rates: the learning rates that each row tries.
        margin: the largest difference that does not matter, in points of the score, in [0, 100).
        level: the accepted probability that a comparison makes any false claim for a reader, in (0, 1).
        budget: the limit up to which runs are spent until the question is settled for both readers. None spends runs
            until it is settled for these test images: at most as many as ``Rules.of_grid`` allows, or up to the last
            look if rates are picked several times.
        control: whether the reference is run once more with other seeds, to test whether the two are told apart.
        retune: how often each row's rate is picked, by runs with other seeds: 1, or 3 or more. With more than 1, a
            row's runs take the picks in turn, so that their spread includes that of the pick, and a row has at most as
            many runs as picks.
        folds: the number of parts that all patients are divided into, each of which is the test split of one run per
            seed; None takes the dataset's own splits.
        licence: what a user is about to do with the network: ``commercial`` leaves out rows of weights whose licences
            forbid commercial use or are not known to allow it (``experiments.session.permitting``); None keeps all.
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
    licence: Literal["commercial"] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 100 or not 0 < self.level < 1:
            raise UsageError(
                f"expected a margin from 0 to below 100 points and a level in (0, 1), found {self.margin:g} and "
                f"{self.level:g}."
            )
        if self.licence not in (None, "commercial"):
            raise UsageError(f'--licence: expected "commercial" or none, found {self.licence!r}.')
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
        """The picks of the learning rates: one for each fold, or without folds ``retune`` times None."""
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
        texts = [parse_row(text) for text in self.initializers]
        check_recipe_is_used(
            self.pretraining, [text.weights for text in texts], "the recipe of pretrainings (--pretraining)"
        )
        rows = rows_of(texts)
        for text in texts:
            check_same_start(text.weights, text.adaptation or recipe.adaptation)
        _check_different(rows, network, recipe.adaptation)
        rows = tuple(at_own_size(row, self.backbone, recipe) for row in rows)
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


def _check_different(rows: Sequence[Row], network: str, adaptation: str) -> None:
    """Refuse fewer than two rows, two rows of one name, and one row under two names.

    Args:
        rows: the rows of the comparison.
        network: the expression of the network of rows that name none.
        adaptation: the expression of the adaptation of rows that name none.

    Raises:
        UsageError: names them.
    """
    labels = [row.label for row in rows]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice or len(labels) < 2:
        what = f"{', '.join(twice)} more than once" if twice else ", ".join(labels) or "none"
        remedy = f" Leave out what is the same, and give other rows names of their own: {FORM}." if twice else ""
        raise UsageError(f"--from: expected two or more different initializations, found {what}.{remedy}")
    known: dict[tuple[Call, str, str], str] = {}
    for row in rows:
        backbone, adapted = row.backbone or network, row.adaptation or adaptation
        weights = settled(INITIALIZERS.bind(row.initializer), parse(backbone))
        other = known.setdefault((weights, backbone, adapted), row.label)
        if other != row.label:
            raise UsageError(
                f'--from: "{other}" and "{row.label}" are the same weights on the same network, adapted alike. '
                "Expected two or more different initializations; leave one of them out."
            )


@dataclass(frozen=True)
class Asked:
    """A question whose data are opened and whose open parts are chosen.

    Attributes:
        question: the question, with its network and image size.
        table: the table of the comparison.
        opened: the opened dataset.
        remarks: remarks on what was chosen, as pairs of a subject and a text.
    """

    question: Question
    table: Table
    opened: OpenDataset
    remarks: tuple[tuple[str, str], ...]


def asked(question: Question, resolver: Resolver, say: Say) -> Asked:
    """Open the data of a question, and choose the network and image size if the question leaves them open.

    Raises:
        UsageError: if the question is wrong.
        DataError: if the data are not there.
    """
    table = question.table()  # faults in the question are reported before the data are opened
    for row in table.rows:
        if (
            row.label == row_title(row.initializer, row.backbone, row.adaptation)
            and passed_on(row.initializer) != row.initializer
        ):
            say(f'row "{row.label}": {row.initializer}, which is not passed on. To name it, write {FORM}.')
    opened = resolver.opened(DATASETS.bind(question.dataset), question.edition)
    _check_tested(question, opened)
    if not _network_open(question, table):
        return Asked(question, table, opened, size_remarks(table))
    question = dataclasses.replace(question, backbone=NETWORK)
    size, side = table.columns[0].recipe.image_size, None
    if _size_open(question):
        side = shorter_side(opened)
        size = fitting_size(side)
        question = _sized(question, size)
    chosen = remark(size, side)
    say(f"network: {chosen}.")
    table = question.table()
    return Asked(question, table, opened, (("network", chosen), *size_remarks(table)))


def before_preparing(question: Question, paths: Paths) -> Table:
    """The table of a question about images that are not prepared yet, so that they can be prepared at a size.

    Where the question leaves the size open, it is that of some images; once all are prepared, ``asked`` chooses by all.

    Raises:
        UsageError: if the question is wrong.
    """
    table, expression = question.table(), DATASETS.bind(question.dataset)
    if question.edition == "phantom" or not (_network_open(question, table) and _size_open(question)):
        return table
    try:
        dataset, root = paths.open(expression, "real")
        if not dataset.needs_preparing or paths.is_prepared(expression, "real"):
            return table
        side = side_of_some(dataset, root, dataset.index(root).train)
    except DataError:  # told by what prepares them, with the remedy
        return table
    return _sized(question, fitting_size(side)).table()


def _network_open(question: Question, table: Table) -> bool:
    return question.backbone is None and not all(row.backbone for row in table.rows)


def _size_open(question: Question) -> bool:
    return question.recipe is None and "image_size" not in question.settings


def _sized(question: Question, size: int) -> Question:
    return dataclasses.replace(question, settings=question.settings | {"image_size": size})


def _check_tested(question: Question, opened: OpenDataset) -> None:
    """Refuse a comparison whose test images cannot have a score, before anything is trained.

    Raises:
        DataError: if the test images have no score; it says what they lack.
    """
    for fold in dict.fromkeys(question.picks):
        tested = opened.index.test if fold is None else in_fold(opened, fold).index.test
        if (why := unscored(tested, opened.dataset.task)) is not None:
            whole = "the test split", "Divide the images so that it shows each class and its absence."
            where, remedy = whole if fold is None else (f"the test split of {fold.title}", "Take fewer folds.")
            raise DataError(
                f"{DATASETS.short(question.dataset)}: {where} has no score to compare by, since {why}. {remedy}"
            )


def name_of(question: Question, table: Table, splits: dict[str, str]) -> str:
    """The name of a comparison's files, without their endings; different comparisons have different names.

    The end of the name is a digest of the dataset's splits and content, and of all that is compared. The margin, the
    budget and the learning rates are not in it: with other ones it is the same comparison, asked in another way.

    Args:
        question: the question that is asked.
        table: the table of the comparison.
        splits: the digests of the dataset's splits and content, by name.
    """
    (column,) = table.columns
    asked = [
        splits,
        str(DATASETS.short(question.dataset, DATASETS.build(question.dataset).membership)),
        question.edition,
        table.backbone,
        [
            str(INITIALIZERS.bind(row.initializer))
            + (f" on {row.backbone}" if row.backbone else "")
            + (f" by {ADAPTATIONS.bind(row.adaptation)}" if row.adaptation else "")
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
