"""A table of target tasks: what their datasets hold on this disk beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datamodules.dataset.contract import SPLITS, Dataset
from experiments.run.naming import public_title
from experiments.run.places import Places
from specs.errors import DataError
from specs.expression import parse
from specs.registry import DATASETS
from specs.run import Edition
from specs.task import METRICS


@dataclass(frozen=True)
class TaskLine:
    """One target task.

    Attributes:
        code: the paper's.
        application: what is asked.
        modality: of the images.
        dataset: a dataset expression.
        published: images that train, validate and test in the paper; None where it does not say.
        score: which of the task's test scores the study shows; None: the task's own.
    """

    code: str
    application: str
    modality: str
    dataset: str
    published: tuple[int | None, int | None, int | None]
    score: str | None = None


@dataclass(frozen=True)
class TaskTable:
    """The tasks of a study.

    Attributes:
        title: one line.
        edition: of the datasets.
        tasks: in order.
        notes: on the published counts.
    """

    title: str
    edition: Edition
    tasks: tuple[TaskLine, ...]
    notes: tuple[str, ...] = ()


HEADER = ("task", "application", "dataset", "metric", "train / val. / test", "published")


def task_rows(table: TaskTable, places: Places) -> tuple[list[tuple[str, ...]], list[str]]:
    """The cells of every row, under ``HEADER``, and remarks; label files are read, no images.

    Published counts stand beside real ones only: phantom editions are not of the papers' size.
    """
    rows: list[tuple[str, ...]] = []
    remarks: list[str] = []
    for task in table.tasks:
        expression = parse(task.dataset)
        kind: Dataset = DATASETS.build(expression)
        known = task.published if table.edition == "real" else (None, None, None)
        found: tuple[int | None, ...] = (None, None, None)
        try:
            dataset, root = places.open(expression, table.edition)
            index = dataset.index(root)
            found = tuple(len(index.split(split)) for split in SPLITS)
            if any(count is not None and count != own for count, own in zip(known, found, strict=True)):
                remarks.append(f"{task.code}: the counts are not the published ones.")
        except DataError:
            how = f"`medtransfer check {task.dataset}` says what is expected"
            remarks.append(f"{task.code}: the data are not there or not in order; {how}.")
        application = f"{task.application}, {task.modality}"
        metric = task.score or METRICS[kind.kind]
        rows.append(
            (task.code, application, public_title(DATASETS, expression), metric, _counts(found), _counts(known))
        )
    return rows, remarks


def _counts(numbers: Sequence[int | None]) -> str:
    """``291 / 30 / 159``, a dash where one is not known and a single one where none is."""
    texts = ["-" if number is None else f"{number:,}" for number in numbers]
    return "-" if set(texts) == {"-"} else " / ".join(texts)
