"""Decoding every image of a dataset once, as ``medtransfer prepare`` does, and as a plan does that needs it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from multiprocessing.context import BaseContext
from typing import NamedTuple

from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import PROBLEMS, Problem, find_problems, write_problems
from datamodules.prepared.storage import Prepared
from experiments.run.places import Places
from specs.errors import DataError
from specs.expression import Call
from specs.recipe import Form
from specs.run import Edition


class PreparedDataset(NamedTuple):
    """A dataset whose images have been decoded.

    Attributes:
        prepared: its store.
        problems: what is wrong with its images; the same list is a file beside them.
    """

    prepared: Prepared
    problems: list[Problem]


def prepared_dataset(
    expression: Call,
    edition: Edition,
    forms: Sequence[Form],
    places: Places,
    jobs: int,
    report: Callable[[int, int], None],
    processes: BaseContext | None = None,
) -> PreparedDataset:
    """Store what is missing of a dataset's images, and list what is wrong with them.

    Args:
        expression: of the dataset.
        edition: of the dataset.
        forms: in which images are stored.
        places: where its files are and where it is prepared.
        jobs: how many processes decode.
        report: told how many images are done, of how many.
        processes: what starts those that decode; None: what leaves nothing of this one in them.

    Raises:
        DataError: if the dataset is made by a formula, its files are not there or its label files are wrong, or the
            store cannot be written.
    """
    dataset, root = places.open(expression, edition)
    if dataset.generated:
        raise DataError(f"{expression} is made by a formula: there is nothing to prepare.")
    index = dataclasses.replace(dataset, fraction=1.0).index(root)
    index.check(str(expression))
    folder = places.prepared(expression, edition)
    prepared = prepare(dataset, root, folder, forms, jobs, report, processes)
    problems = find_problems(dataset, root, index, prepared)
    write_problems(problems, folder / PROBLEMS)
    return PreparedDataset(prepared, problems)
