"""Tables whose datasets are divided by lists of the user's, such as those of the paper."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from experiments.tables.table import Table
from specs.errors import UsageError, unknown
from specs.expression import Call
from specs.registry import DATASETS

ARGUMENT = "splits"
"""The argument of datasets that names the folder of their lists."""


def divided(table: Table, folder: Path) -> tuple[Table, tuple[tuple[str, str], ...]]:
    """The table with the splits of a folder's lists, and a remark on the split of each column.

    Args:
        table: the table whose datasets are divided.
        folder: the folder that has a folder of lists for each dataset, by its registry name, such as ``shenzhen``.
            Datasets that the table does not have are passed over.

    Raises:
        UsageError: if the folder is missing, holds a folder that no dataset is called, or none for this table.
    """
    inside = folder.iterdir() if folder.is_dir() else ()
    given = {path.name: path for path in inside if path.is_dir() and not path.name.startswith(".")}
    for name in given:
        if name not in DATASETS.entries:
            raise unknown(f"dataset, after which a folder of {folder} is called:", name, DATASETS.entries)
    names = {column.label: DATASETS.bind(column.dataset).name for column in table.columns}
    if not set(names.values()) & set(given):
        found = ", ".join(given) or "none" if folder.is_dir() else "no such folder"
        raise UsageError(
            f"--splits: expected folders of lists in {folder} by the names of this table's datasets, such as "
            f"{next(iter(names.values()))}/train.txt, found {found}. Its datasets: "
            f"{', '.join(dict.fromkeys(names.values()))}."
        )
    columns = tuple(
        dataclasses.replace(column, dataset=_with_lists(column.dataset, given[names[column.label]]))
        if names[column.label] in given
        else column
        for column in table.columns
    )
    by_lists = [label for label, name in names.items() if name in given]
    own = [label for label, name in names.items() if name not in given]
    remarks = [("splits", f"{', '.join(by_lists)} by the lists that were given")]
    if own:
        remarks.append(("splits", f"{', '.join(own)} by this project's own division or the publisher's, not by lists"))
    return dataclasses.replace(table, columns=columns), tuple(remarks)


def _with_lists(dataset: str, folder: Path) -> str:
    """The dataset's expression with the folder of its lists.

    Raises:
        UsageError: if the dataset takes no lists, or has some already.
    """
    bound = DATASETS.bind(dataset)
    arguments = bound.arguments()
    if ARGUMENT not in arguments or arguments[ARGUMENT]:
        why = "names lists already" if arguments.get(ARGUMENT) else "takes no lists"
        raise UsageError(
            f"--splits: the dataset {DATASETS.short(dataset)} {why}. Remove its folder from {folder.parent}."
        )
    others = tuple((name, value) for name, value in bound.kwargs if name != ARGUMENT)
    return str(DATASETS.short(Call(bound.name, (), (*others, (ARGUMENT, str(folder.resolve()))))))
