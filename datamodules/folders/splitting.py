"""The split that an image is in: by a cell, a folder or the name of a table, or drawn where nothing says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from specs.errors import DataError
from specs.quoting import names, plain
from specs.task import Task

NAMES: dict[str, Split] = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
"""The words for splits, in lower case."""

SALT = "folder"
"""The name of the fixed division of a folder's patients; another name would give another division."""


def split_in(name: str) -> Split | None:
    """The split that a word in a name stands for, as in ``labels_train.csv``; None if there is none, or several."""
    found = {NAMES[word] for word in re.split(r"[^a-z]+", name.lower()) if word in NAMES}
    return found.pop() if len(found) == 1 else None


def split_of(said: str, by: Literal["column", "tables", "folders", "not used"], where: str) -> Split:
    """The split that a cell, the name of a table or a path of folders stands for.

    Args:
        said: what says the split: a cell, the stem of a table's name, or a path of folders.
        by: what ``said`` is: ``column`` for a cell, ``tables`` for a table's name, ``folders`` for a path.
        where: the file, and line, that it stands in, for messages.

    Raises:
        DataError: if it says none.
    """
    if by == "tables":
        found = split_in(said)
    else:
        parts = said.split("/") if by == "folders" else [said]
        found = next((NAMES[part.lower()] for part in parts if part.lower() in NAMES), None)
    if found is None:
        raise DataError(f'{where}: the split "{plain(said)}" is none of {names(NAMES, 20)}.')
    return found


def divided(
    samples: Sequence[Sample], given: Mapping[str, Split], task: Task, draw_empty: bool
) -> dict[Split, list[Sample]]:
    """The samples of each split, in order.

    Args:
        samples: the samples that are divided.
        given: the split of each sample, by its id.
        task: the task, which says which class a target shows.
        draw_empty: whether a validation or test split without images is drawn from the training patients, a tenth of
            them each.
    """
    splits = {name: [sample for sample in samples if given[sample.id] == name] for name in SPLITS}
    empty = [name for name in SPLITS if not splits[name]]
    if draw_empty and empty and "train" not in empty:
        drawn = divide(splits["train"], task, SALT)
        splits["train"] = _in_order(samples, (drawn[name] for name in SPLITS if name not in empty))
        for name in empty:
            splits[name] = drawn[name]
    return splits


def _in_order(samples: Sequence[Sample], parts: Iterable[Sequence[Sample]]) -> list[Sample]:
    """The samples that are in one of several parts, in the order of all samples."""
    kept = {sample.id for part in parts for sample in part}
    return [sample for sample in samples if sample.id in kept]
