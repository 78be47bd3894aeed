"""Checks of the arguments of ``folder`` that need no files: which of them do not go together."""

from __future__ import annotations

import codecs
import re

from datamodules.files.class_masks import BLACK, COLOR, Mark, Marks, several
from datamodules.files.masks import Foreground
from specs.errors import UsageError
from specs.task import Kind

FITTING: dict[str, tuple[Kind, ...]] = {
    "one-hot": ("multiclass",), "lists": ("multilabel",), "rows": ("multilabel", "binary", "multiclass"),
    "folders": ("binary", "multiclass"),
}  # fmt: skip
"""The kinds of tasks that each value of ``labels`` is for; ``cells`` is for all of them."""


def check_masks(kind: Kind, classes: tuple[str, ...], foreground: Foreground) -> None:
    """Refuse foreground that is none.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if isinstance(foreground, tuple) and (not foreground or 0 in foreground):
        raise UsageError(
            f"argument foreground of folder: expected values of masks that are foreground, such as (1, 2), found "
            f"{foreground}. 0 is background."
        )
    if kind == "segmentation" and len(classes) > 1 and isinstance(foreground, tuple):
        raise UsageError(
            f"argument foreground of folder: it is of one class, found {len(classes)}: {', '.join(classes)}. Which "
            f"values are which class is said by values, such as values={foreground}."
        )


def check_class_masks(
    classes: tuple[str, ...],
    places: tuple[str | tuple[str, ...], ...],
    values: tuple[Marks, ...],
    ignored: tuple[Mark, ...],
    second: str = "",
) -> None:
    """Refuse marks and places of masks that do not go with a segmentation's classes.

    Args:
        classes: the names of the classes.
        places: the folders of masks and their suffixes, one for all classes or one for each.
        values: the marks of each class.
        ignored: the marks of pixels that nobody labelled.
        second: what the names of a second observer's masks end in; empty: there is none.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if second and (number_of_files(places) > 1 or second in places):
        raise UsageError(
            "argument second of folder: expected what the names of a second observer's masks end in, such as "
            f'"_2ndHO", found "{second}". It goes with one mask file an image, whose name ends otherwise.'
        )
    number, apart = len(classes), [one for one in places if isinstance(one, tuple)]
    for one in apart:
        if len(one) != number or number == 1:
            raise UsageError(
                f"arguments masks and mask_suffix of folder: several are one for each of several classes, found "
                f"{len(one)} for {number}: {', '.join(classes)}. Give as many, or one."
            )
    if (values or ignored) and (apart or number == 1):
        raise UsageError(
            "arguments values and ignored of folder: they are for several classes in one file. Leave them out, or name "
            "all classes; of one class, foreground says its values."
        )
    if values and len(values) != number:
        raise UsageError(
            f"argument values of folder: expected what marks each of {number} classes, found {len(values)}: {values}."
        )
    marks = [mark for each in (*values, *(values and ignored)) for mark in several(each)]
    colors = [mark for mark in marks if isinstance(mark, str)]
    if (colors and len(colors) != len(marks)) or any(not COLOR.fullmatch(one) for one in colors):
        raise UsageError(
            f"arguments values and ignored of folder: expected numbers, or colors such as #ff0000 alone, found {marks}."
        )
    background = [mark for mark in marks if mark in (0, BLACK)]
    if background or len(set(marks)) != len(marks):
        raise UsageError(
            f"arguments values and ignored of folder: expected different marks, and none of them 0 or {BLACK}, which "
            f"is background, found {marks}."
        )


def number_of_files(places: tuple[str | tuple[str, ...], ...]) -> int:
    """How many mask files an image has, by the folders of masks and their suffixes."""
    return max(len(one) if isinstance(one, tuple) else 1 for one in places)


def check_labels(
    kind: Kind, classes: tuple[str, ...], labels: str, negative: tuple[str, ...], columns: bool, dataset: str = "folder"
) -> None:
    """Refuse a value of ``labels`` that does not fit the task or the other arguments.

    Args:
        kind: the kind of the task, such as ``binary``.
        classes: the names of the classes.
        labels: where the labels are, such as ``folders``.
        negative: the words for no or, with labels in folders, the folders of images without the class.
        columns: whether a table or one of its columns is named.
        dataset: the name of the dataset whose arguments these are, for messages.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    fitting = FITTING.get(labels, (kind,))
    if kind not in fitting:
        kinds = " or ".join(f'kind="{one}"' for one in fitting)
        raise UsageError(
            f'argument labels of {dataset}: "{labels}" is for {kinds}, found "{kind}". Change one of them.'
        )
    if labels == "folders" and kind == "binary" and not negative:
        raise UsageError(
            f'argument negative of {dataset}: with labels="folders" it names the folders of images without '
            f'{classes[0]}, such as negative=("normal",). Name them.'
        )
    if labels == "folders" and columns:
        raise UsageError(
            f'argument labels of {dataset}: "folders" reads no table; leave out table and the names of columns.'
        )


def check_people(
    patient: str | None, in_name: str | None, split: str | None, split_by: str, dataset: str = "folder"
) -> None:
    """Refuse two arguments that both name patients, or splits, and a pattern that is no regular expression.

    Args:
        patient: the column of patients, or None.
        in_name: the regular expression that finds the patient in a path, or None.
        split: the column of splits, or None.
        split_by: what says the splits, such as ``column``.
        dataset: the name of the dataset whose arguments these are, for messages.

    Raises:
        UsageError: names the arguments.
    """
    if patient and in_name:
        raise UsageError(f"arguments patient and patient_in_name of {dataset}: both say the patients. Leave out one.")
    if split and split_by != "column":
        raise UsageError("arguments split and split_by of folder: both say the splits. Leave out one.")
    try:
        re.compile(in_name or "")
    except re.error as error:
        raise UsageError(
            f'argument patient_in_name of {dataset}: "{in_name}" is no regular expression: {error}. Expected such as '
            '"patient([0-9]+)".'
        ) from None


def check_readers(kind: Kind, labels: str, reader: str | None, readers: str) -> None:
    """Refuse arguments about readers where rows are not the labels of readers.

    Raises:
        UsageError: names the arguments.
    """
    if (reader or readers != "agree") and labels != "rows":
        raise UsageError('arguments reader and readers of folder: they are for labels="rows". Leave them out.')
    if readers == "majority" and not reader and kind == "multilabel":
        raise UsageError('argument readers of folder: "majority" needs their column, such as reader="rad_id".')


def check_encoding(encoding: str | None, dataset: str = "folder") -> None:
    """Refuse an encoding that is not known.

    Args:
        encoding: the name of the encoding; None: the file's own.
        dataset: the name of the dataset whose argument it is, for messages.

    Raises:
        UsageError: names it.
    """
    try:
        codecs.lookup(encoding or "utf-8")
    except (LookupError, ValueError):
        raise UsageError(
            f'argument encoding of {dataset}: "{encoding}" is none that is known. Expected such as cp1252.'
        ) from None
