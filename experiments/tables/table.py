"""What a table compares: rows of initializers, columns of tasks, seeds, and the reference row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.statistics import ALPHA
from experiments.tables.figure import Figure
from experiments.tables.overlap import overlap
from experiments.tables.planted import Planted
from experiments.tables.stated import Stated
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import Edition, RunSpec


@dataclass(frozen=True)
class Column:
    """A column of a table: a target task, with the network and the recipe for it.

    Attributes:
        label: the heading of the column.
        dataset: the dataset expression of the task.
        recipe: the recipe of the fine-tuning, which is the same for every row.
        backbone: the expression of the column's own backbone, where networks are compared too; None: the table's.
        source: an initializer for this network, which replaces ``{source}`` in rows; None: there is none.
        domain: a dataset of the same kind of images to pretrain on, which replaces ``{domain}`` in rows; None: there is
            none.
        slim: a narrower form of the network, which replaces ``{slim}`` in a row's backbone; None: there is none.
        bounds: a lower and an upper score in [0, 1] of the table's network: after training on random labels, and after
            training on the training and test images together for three times as long. An honest run lies between them.
            None: they are not known.
        measure: the measure whose numbers the cells hold, such as ``similarity:conv1``; None: they hold test scores.
        score: the name of the test score that the cells hold, such as ``dice_pooled`` or ``auroc:Edema``; None: the
            main score of the task. It changes no run.
        seeds: how many runs each cell of the column has; None: as many as the table says.
        tuned_on: the label of the column, perhaps this one, on whose validation images each row's learning rate for
            this column is picked; None: the learning rate is the recipe's.
        threshold: the validation score in [0, 1] until which steps are counted in this column; None: the table's
            threshold.
        draws: whether each seed takes training images of its own, by the argument ``order`` of the dataset, where the
            dataset is a fraction.
    """

    label: str
    dataset: str
    recipe: Recipe
    domain: str | None = None
    backbone: str | None = None
    source: str | None = None
    measure: str | None = None
    slim: str | None = None
    bounds: tuple[float, float] | None = None
    score: str | None = None
    seeds: int | None = None
    tuned_on: str | None = None
    threshold: float | None = None
    draws: bool = False

    def dataset_of(self, seed: int) -> Call:
        """The dataset expression of the run with a seed."""
        call = parse(self.dataset)
        if not self.draws or DATASETS.bind(call).arguments()["fraction"] == 1:
            return call
        others = tuple(item for item in call.kwargs if item[0] != "order")
        return Call(call.name, call.args, (*others, ("order", seed)))


CONTROL_SEED = 1000
"""How much higher the seeds of a control are than those of the row that it repeats; no row has so many runs."""


@dataclass(frozen=True)
class Row:
    """A row of a table: an initialization.

    Attributes:
        label: the heading of the row.
        initializer: the expression of the initializer, in which ``{domain}``, inside quotes, stands for the column's
            domain dataset and ``{source}`` for the column's initializer.
        adaptation: the expression of what is trained and how, such as ``head``, for a row that is adapted in another
            way than those beside it; None: what the recipe says.
        backbone: the expression of the row's own network, in which ``{slim}`` stands for the column's narrower form;
            None: the column's or the table's.
        image_size: the height and width in pixels of the only images that the row's network takes, for which images are
            brought to that size; None: the recipe's.
        only: the label of the one column that the row is for; None: it is for all columns.
        first_seed: the seed of the first run of each cell; the seeds of its runs follow one another.
        control_of: the label of the row that this one repeats with other seeds, at the learning rate that is picked for
            that row, so that any difference between the two is chance; None: the row is no control. See ``control``.
    """

    label: str
    initializer: str
    adaptation: str | None = None
    backbone: str | None = None
    image_size: int | None = None
    only: str | None = None
    first_seed: int = 0
    control_of: str | None = None


def control(row: Row) -> Row:
    """A control of a row: the same row once more, with other seeds."""
    return dataclasses.replace(
        row, label=f"{row.label}, other seeds", first_seed=row.first_seed + CONTROL_SEED, control_of=row.label
    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """A comparison of initializations: its rows, its columns, and how their runs are done, tested and shown.

    All rows of a column have the same recipe, except for learning rates that are picked per row, and for the adaptation
    where a row has its own. The finished table says which rows are adapted in another way than by full fine-tuning.

    Attributes:
        title: the title of the table, in one line.
        question: the question that the table answers.
        edition: the edition of the datasets: ``real`` files, or drawn ``phantom`` images.
        protocol: how the runs are done: ``paper``, ``small`` or ``smoke``; ``tuned`` if learning rates are picked;
            ``changed`` if recipes are others than the table's own.
        weights: where the weights come from, in words.
        backbone: the expression of the backbone of all rows and columns that name none of their own.
        rows: the initializations that are compared, in order.
        columns: the target tasks, in order.
        reference: the label of the row that every other row is tested against.
        pretraining: the recipe of the pretrainings that rows need; None: rows name the recipe, or need none.
        overlaps: what happens to cells whose weights have seen images of the test set's collection. ``mark`` runs and
            marks them. ``dash`` does so too, but leaves out those whose weights were trained on that very dataset, as
            the papers' "-". ``refuse`` refuses the table. None: ``refuse`` in the protocol ``paper``, else ``mark``.
        figure: how the table is drawn; None: it is not drawn.
        directions: the words for a higher and for a lower number, such as ``better`` and ``worse``.
        threshold: the validation score in [0, 1] until which optimizer steps are counted; None: no steps are counted.
        transposed: whether a line is printed per column, with the rows side by side, as for many networks and few rows.
        level: the significance level of the tests of rows against the reference row after Holm's correction, in (0, 1).
        planted: what is true of the rows by construction, in a table with a single column; None: that is not known.
        stated: the statements of a paper about the rows, which are tested.
        tried: the learning rates that are tried for every row, for columns that are tuned.
        tried_again: how many of the learning rates, those that did best, are tried once more before one is picked.
        rates: the learning rates that were picked, by row and column label.
        costs: whether the finished table says what each column's network costs: parameters, multiply-adds, seconds per
            image.
        seeds: how many runs each cell has, with seeds 0, 1, 2 and so on, or from the row's first one. Pretrainings run
            once, with seed 0, as if their weights were published ones, so the spread over seeds is that of fine-tuning.
    """

    title: str
    question: str
    edition: Edition
    protocol: Literal["paper", "small", "smoke", "tuned", "changed"]
    weights: str
    backbone: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    reference: str
    pretraining: Recipe | None
    seeds: int
    overlaps: Literal["mark", "dash", "refuse"] | None = None
    figure: Figure | None = None
    directions: tuple[str, str] = ("better", "worse")
    threshold: float | None = None
    transposed: bool = False
    costs: bool = False
    level: float = ALPHA
    planted: Planted | None = None
    stated: tuple[Stated, ...] = ()
    tried: tuple[float, ...] = ()
    tried_again: int = 0
    rates: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for threshold in (self.threshold, *(column.threshold for column in self.columns)):
            if threshold is None or 0 <= threshold <= 1:
                continue
            raise UsageError(
                f'the table "{self.title}" has the threshold {threshold}; expected a validation score in [0, 1], '
                "such as 0.91."
            )
        labels = [row.label for row in self.rows]
        if self.reference not in labels:
            raise UsageError(
                f'the table "{self.title}" names the reference row "{self.reference}" and has no such row; expected '
                f"one of {', '.join(labels)}."
            )
        if not 0 < self.level < 1:
            raise UsageError(f'the table "{self.title}" has the level {self.level}; expected a share in (0, 1).')
        for claim in self.planted.claims if self.planted else ():
            if len(self.columns) > 1 or (missing := {claim.row, claim.than} - set(labels)):
                found = f"{len(self.columns)} columns" if len(self.columns) > 1 else f"no row {sorted(missing)[0]}"
                raise UsageError(
                    f'the table "{self.title}" has {found}; expected one column, and the rows that its planted claims '
                    "name."
                )

        for row in self.rows:
            if row.control_of not in (None, *labels):
                raise UsageError(
                    f'the table "{self.title}" has no row "{row.control_of}", whose control "{row.label}" is to be; '
                    f"expected one of {', '.join(labels)}."
                )
        columns = [column.label for column in self.columns]
        named = [(column, {claim.row, claim.than}) for one in self.stated for column, claim in one.contrasts]
        named += [(column.tuned_on, set()) for column in self.columns if column.tuned_on is not None]
        for column, rows in named:
            if column not in columns or rows - set(labels):
                raise UsageError(
                    f'the table "{self.title}" speaks of {", ".join(sorted(rows)) or "rates"} on "{column}"; expected '
                    f"some of its columns ({', '.join(columns)}) and rows ({', '.join(labels)})."
                )

    @property
    def overlap_policy(self) -> Literal["mark", "dash", "refuse"]:
        """The value of ``overlaps``, or what the protocol asks for where it is None."""
        return self.overlaps or ("refuse" if self.protocol == "paper" else "mark")

    def changed(self, change: Callable[[Recipe], Recipe]) -> Table:
        """The table with other recipes, which then follows no paper's protocol; overlaps are treated as before.

        Args:
            change: a function that makes a column's new recipe from its own. The recipes of pretrainings, and what rows
                say of their training, stay as they are.

        Raises:
            UsageError: if the change does not fit a recipe.
        """
        columns = tuple(dataclasses.replace(column, recipe=change(column.recipe)) for column in self.columns)
        return dataclasses.replace(self, columns=columns, protocol="changed", overlaps=self.overlap_policy)

    def cell(self, row: Row, column: Column) -> tuple[RunSpec, ...] | str:
        """The runs of a cell, one per seed, or the reason why it has none.

        Raises:
            UsageError: if its weights have seen images of the test set's collection and the table does not mean it.
            WeightsError: if the initializer names a file that is not there.
        """
        if row.only not in (None, column.label):
            return f"the row is for {row.only} alone"
        if "{domain}" in row.initializer and column.domain is None:
            return "no other dataset of this kind of images"
        if "{source}" in row.initializer and column.source is None:
            return "no weights of this kind for this network"
        if row.backbone and "{slim}" in row.backbone and column.slim is None:
            return "no slim form of this network"
        backbone = (row.backbone or column.backbone or self.backbone).replace("{slim}", column.slim or "")
        text = row.initializer.replace("{domain}", (column.domain or "").replace('"', '\\"'))
        text = text.replace("{source}", column.source or "")
        found = overlap(parse(text), column.dataset, self.edition)
        policy = self.overlap_policy
        if found and found.kind == "same" and policy == "dash":
            return "the source is the target"
        if found and policy == "refuse":
            raise UsageError(
                f'the table "{self.title}" would test "{row.label}" on {column.label}, and those weights have seen '
                f"images of {', '.join(found.titles)}, which the test set is from. Take the row or the column "
                'out, or say in the table that it is meant: overlaps="mark", or "dash" for the papers\' "-".'
            )
        recipe = self.recipe_of(row, column)
        if (rate := self.rates.get((row.label, column.label))) is not None:
            optimizer = dataclasses.replace(recipe.optimizer, learning_rate=rate)
            recipe = dataclasses.replace(recipe, optimizer=optimizer)
        return tuple(
            RunSpec(
                stage="finetune",
                dataset=column.dataset_of(seed),
                edition=self.edition,
                backbone=parse(backbone),
                initializer=parse(text),
                recipe=recipe,
                pretraining=self.pretraining,
                seed=seed,
            )
            for seed in range(row.first_seed, row.first_seed + (column.seeds or self.seeds))
        )

    def recipe_of(self, row: Row, column: Column) -> Recipe:
        """The recipe of a cell before a learning rate is picked for it."""
        own = {"adaptation": row.adaptation, "image_size": row.image_size}
        given: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
        return dataclasses.replace(column.recipe, **given)

    def cells(self) -> Mapping[tuple[str, str], tuple[RunSpec, ...] | str]:
        """All cells by row and column label, in order."""
        return {(row.label, column.label): self.cell(row, column) for row in self.rows for column in self.columns}

    def first_runs(self) -> tuple[RunSpec, ...]:
        """The first run of each cell that has any; the others of a cell differ from it by their seeds."""
        return tuple(specs[0] for specs in self.cells().values() if not isinstance(specs, str))
