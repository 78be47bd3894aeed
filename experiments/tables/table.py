"""What a table compares: rows of initializers, columns of tasks, seeds, and the reference row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.statistics import ALPHA
from experiments.tables.figure import Figure
from experiments.tables.overlap import overlap
from experiments.tables.planted import Planted
from experiments.tables.stated import Stated
from specs.errors import UsageError
from specs.expression import parse
from specs.recipe import Recipe
from specs.run import Edition, RunSpec


@dataclass(frozen=True)
class Column:
    """A target task.

    Attributes:
        label: the column's heading.
        dataset: a dataset expression.
        recipe: of the fine-tuning; the same for every row.
        backbone: the column's own, where networks are compared too; None: the table's.
        source: an initializer for this network, for ``{source}`` in a row; None if there is none.
        domain: a dataset of the same kind of images to pretrain on, for ``{domain}`` in a row; None if there is none.
        slim: a narrower form of the network, for ``{slim}`` in a row's backbone; None if there is none.
        bounds: scores in [0, 1] of the table's network after training on random labels, and after training on the
            training and test images together for three times as long; an honest run lies between them. None: unknown.
        measure: what the cells hold instead of a test score, such as ``similarity:conv1``.
        score: which of the task's test scores the cells hold, such as ``dice_pooled`` or ``auroc:Edema``; None: the
            task's own. It changes no run.
        seeds: runs of each cell of the column; None: as many as the table's.
        tuned_on: label of the column whose validation images pick each row's learning rate for this one, which may be
            this one; None: it is the recipe's.
        threshold: instead of the table's, where its scores are of another kind.
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


CONTROL_SEED = 1000
"""How much higher the seeds of a control are: no row has so many runs."""


@dataclass(frozen=True)
class Row:
    """An initialization.

    Attributes:
        label: the row's heading.
        initializer: its expression; ``{domain}`` stands for the column's domain dataset, inside quotes, and
            ``{source}`` for the column's initializer.
        trained: instead of the recipe's, for a row that trains its head alone on fixed features, beside rows that train
            the whole network.
        backbone: instead of the column's, for a row that is another network; ``{slim}`` stands for the column's.
        only: label of the one column that the row is for; None: all.
        first_seed: of its runs, whose seeds follow one another.
        control_of: label of the row that this one is once more, with other seeds, at the learning rate that is picked
            for that one: whatever is found between the two is chance. See ``control``.
    """

    label: str
    initializer: str
    trained: Literal["all", "head"] | None = None
    backbone: str | None = None
    only: str | None = None
    first_seed: int = 0
    control_of: str | None = None


def control(row: Row) -> Row:
    """The same row once more, with other seeds."""
    return dataclasses.replace(
        row, label=f"{row.label}, other seeds", first_seed=row.first_seed + CONTROL_SEED, control_of=row.label
    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """A comparison of initializations.

    Every row of a column has the same recipe, but for picked learning rates, and for what is trained, where rows say
    so. The document says of a row that its head alone is trained.

    Attributes:
        title: one line.
        question: what the table answers.
        edition: of the datasets: real or phantom.
        protocol: ``paper``, ``small`` or ``smoke``; ``tuned`` if learning rates were picked; ``changed`` if recipes are
            others than the table's own.
        weights: where they come from, in words.
        backbone: a backbone expression.
        rows: the initializations.
        columns: the target tasks.
        reference: label of the row that every other row is tested against.
        pretraining: recipe of the pretrainings that rows need.
        overlaps: what happens to cells whose weights have seen images of the test set's collection: ``mark`` runs and
            marks them; ``dash`` does so too, but leaves out those whose weights were trained on the very dataset, as
            the papers' "-"; ``refuse`` refuses the table; None: ``refuse`` in the protocol ``paper``, else ``mark``.
        figure: how it is drawn; None: it is not.
        directions: what a higher and a lower number are called.
        threshold: a validation score in [0, 1], for tables that say after how many optimizer steps it was reached.
        transposed: print a line per column, with the rows side by side, as for many networks or tasks and few rows.
        level: of the tests of rows against the reference row, after Holm's correction, in (0, 1).
        planted: what is true of the rows by construction, of a table of one column; None: nobody knows.
        stated: what a paper states of the rows, which the tests are asked about.
        tried: learning rates of which every row's are picked, for columns that are tuned.
        tried_again: how many of them, those that did best, are tried once more before one is picked.
        rates: those that were picked, by row and column label.
        costs: tell what the network of each column costs: parameters, multiply-adds, seconds an image.
        seeds: how many runs each cell has, with seeds 0, 1, 2 and so on, or from the row's first one; pretrainings use
            seed 0, as a published weight would, so the spread over seeds is that of fine-tuning.
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
            raise UsageError(f'the table "{self.title}" has no row "{self.reference}" to refer to.')
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
        """``overlaps``, or what the protocol says."""
        return self.overlaps or ("refuse" if self.protocol == "paper" else "mark")

    def changed(self, change: Callable[[Recipe], Recipe]) -> Table:
        """The table with other recipes, which is then of no paper's protocol and treats overlaps as before.

        Args:
            change: makes a column's recipe from its own; those of pretrainings, and what rows say, stay.

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
        recipe = column.recipe
        if (rate := self.rates.get((row.label, column.label))) is not None:
            optimizer = dataclasses.replace(recipe.optimizer, learning_rate=rate)
            recipe = dataclasses.replace(recipe, optimizer=optimizer)
        if row.trained is not None:
            recipe = dataclasses.replace(recipe, trained=row.trained)
        return tuple(
            RunSpec(
                stage="finetune",
                dataset=parse(column.dataset),
                edition=self.edition,
                backbone=parse(backbone),
                initializer=parse(text),
                recipe=recipe,
                pretraining=self.pretraining,
                seed=seed,
            )
            for seed in range(row.first_seed, row.first_seed + (column.seeds or self.seeds))
        )

    def cells(self) -> Mapping[tuple[str, str], tuple[RunSpec, ...] | str]:
        """All cells by row and column label, in order."""
        return {(row.label, column.label): self.cell(row, column) for row in self.rows for column in self.columns}

    def first_runs(self) -> tuple[RunSpec, ...]:
        """The first run of each cell that has any; the others of a cell differ from it by their seeds."""
        return tuple(specs[0] for specs in self.cells().values() if not isinstance(specs, str))
