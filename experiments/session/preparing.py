"""Preparing a dataset: decoding and resizing its images once, for ``medtransfer prepare`` and before runs need them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from multiprocessing.context import BaseContext

from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import PROBLEMS, write_problems
from datamodules.prepared.view import View
from experiments.run.paths import Paths
from specs.errors import DataError
from specs.expression import Call
from specs.recipe import Form
from specs.run import Edition


def prepared_dataset(
    expression: Call,
    edition: Edition,
    forms: Sequence[Form],
    paths: Paths,
    jobs: int,
    report: Callable[[int, int], None],
    processes: BaseContext | None = None,
) -> View:
    """Decode and store the missing images of a dataset, and list the problems of its images.

    Args:
        expression: the bound expression of the dataset.
        edition: the edition of the dataset.
        forms: the forms, such as sizes, in which images are stored.
        paths: the folders of the dataset's files and of prepared images.
        jobs: the number of processes that decode images.
        report: a function that is told how many images are done, and of how many.
        processes: the context of ``multiprocessing`` that starts the decoding processes; None takes one of its own.

    Returns:
        The view of the dataset now; the list of its problems is also written to a file beside the images.

    Raises:
        DataError: if the dataset is made by a formula, its files are not there or its label files are wrong, or the
            store cannot be written.
    """
    dataset, root = paths.open(expression, edition)
    if dataset.generated:
        raise DataError(f"{expression} is made by a formula: there is nothing to prepare.")
    index = dataclasses.replace(dataset, fraction=1.0).index(root)
    index.check(str(expression))
    folder = paths.prepared(expression, edition)
    prepare(dataset, root, folder, forms, jobs, report, processes)
    view = paths.view(expression, edition)
    write_problems(view.problems, folder / PROBLEMS)
    return view
