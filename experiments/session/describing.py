"""A dataset that is named by a folder: the folder is examined, and read if there is only one way to read it."""

from __future__ import annotations

import os
from pathlib import Path

from datamodules.describing.describe import Description, describe
from datamodules.describing.tried import Tried
from experiments.session.context import Say
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS


def dataset_named(text: str, say: Say) -> str:
    """The dataset expression that a text stands for: the text itself, or the expression that reads a folder.

    Args:
        text: a dataset expression, or the path of a folder that has not the name of a registered dataset.
        say: a function that is told the expression chosen for a folder, and what is uncertain about it.

    Raises:
        DataError: if there is no way to read the folder, or more than one.
        UsageError: if a path names no folder.
    """
    if not _is_path(text):
        return text
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise UsageError(f"{text} is neither a dataset nor a folder. Name one of them; `medtransfer list datasets`.")
    found = describe(folder)
    if found.chosen is None:
        listed = "".join(f"\n  {one.reading.expression}\n    {_short(one)}" for one in found.readings)
        raise DataError(f"{text}: {why_none(found)}{listed}")
    reading = found.chosen.reading
    say(f"dataset: {reading.expression}")
    for unsure in reading.unsure:
        say(f"not sure: {unsure}")
    return reading.expression


def why_none(found: Description) -> str:
    """The reason why no way of reading a folder was chosen, and what to do, in words."""
    if not found.readings:
        unread = f" ({found.unread[0]})" if found.unread else ""
        return (
            f"nothing here is read as a dataset{unread}. Put images into a folder per class, or name them in a table "
            "with their labels, or put masks of the same names into masks/; docs/own_data.md shows each layout."
        )
    if len(found.readings) > 1:
        count = len(found.readings)
        return f"it can be read in {count} ways. Choose one by giving its expression in place of the folder."
    (only,) = found.readings
    if only.error:
        return f"its only reading fails: {only.error}"
    return f"first answer this: {only.reading.asks} Then give the expression in place of the folder."


def _short(one: Tried) -> str:
    return one.error or one.reading.asks or "; ".join((one.reading.what, *one.reading.why[:2]))


def _is_path(text: str) -> bool:
    """Whether a text is a path: it names a folder and no registered dataset, or looks like a path."""
    if text.startswith((".", "~", os.sep)):
        return True
    try:
        name = parse(text).name
    except UsageError:
        return Path(text).is_dir() or ("(" not in text and os.sep in text)
    return name not in DATASETS.entries and "(" not in text and Path(text).is_dir()
