"""A table of target tasks: what their datasets hold on this disk beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datamodules.dataset.contract import SPLITS, Dataset
from experiments.run.paths import Paths
from experiments.run.public_names import public_title
from specs.errors import DataError
from specs.expression import parse
from specs.registry import DATASETS
from specs.run import Edition
from specs.task import METRICS


@dataclass(frozen=True)
class DatasetLine:
    """A line of the table: one target task.

    Attributes:
        code: the code of the task in the paper, such as ``DXC14``.
        application: what is classified or segmented, such as ``tuberculosis, classification``.
        modality: the modality of the images, such as ``x-ray``.
        dataset: the dataset expression of the task.
        published: how many images train, validate and test in the paper; None where the paper does not say it.
        score: the name of the test score that the study shows; None: the main score of the kind of task.
    """

    code: str
    application: str
    modality: str
    dataset: str
    published: tuple[int | None, int | None, int | None]
    score: str | None = None


@dataclass(frozen=True)
class DatasetTable:
    """A table of the datasets of a paper's target tasks.

    Attributes:
        title: the title of the table, in one line.
        edition: the edition of the datasets: ``real`` files, or drawn ``phantom`` images.
        tasks: the lines of the table, in order.
        notes: notes on the codes, the metrics and the published counts.
    """

    title: str
    edition: Edition
    tasks: tuple[DatasetLine, ...]
    notes: tuple[str, ...] = ()


HEADER = ("task", "application", "dataset", "metric", "train / val. / test", "published")


def dataset_rows(table: DatasetTable, paths: Paths) -> tuple[list[tuple[str, ...]], list[str]]:
    """The texts of every line, in the columns of ``HEADER``, and remarks on them; only label files are read, no images.

    Published counts are shown beside those of real files only, since phantom editions are smaller than the papers'
    data.
    """
    rows: list[tuple[str, ...]] = []
    remarks: list[str] = []
    for task in table.tasks:
        expression = parse(task.dataset)
        kind: Dataset = DATASETS.build(expression)
        published = task.published if table.edition == "real" else (None, None, None)
        counts: tuple[int | None, ...] = (None, None, None)
        try:
            dataset, root = paths.open(expression, table.edition)
            index = dataset.index(root)
            counts = tuple(len(index.split(split)) for split in SPLITS)
            if any(count is not None and count != own for count, own in zip(published, counts, strict=True)):
                remarks.append(f"{task.code}: the counts are not the published ones.")
        except DataError:
            how = f"`{paths.suggested('check', str(task.dataset), edition=table.edition)}` says what is expected"
            remarks.append(f"{task.code}: the data are not there or not in order; {how}.")
        application = f"{task.application}, {task.modality}"
        metric = task.score or METRICS[kind.kind]
        rows.append(
            (task.code, application, public_title(DATASETS, expression), metric, _counts(counts), _counts(published))
        )
    return rows, remarks


def _counts(numbers: Sequence[int | None]) -> str:
    """Three counts as in ``291 / 30 / 159``, with a dash for each unknown one and a single dash if all are unknown."""
    texts = ["-" if number is None else f"{number:,}" for number in numbers]
    return "-" if set(texts) == {"-"} else " / ".join(texts)
