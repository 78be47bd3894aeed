"""The values or colors that masks hold, and which class they may mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.reading import Arguments, given
from datamodules.describing.survey import PICTURES
from datamodules.files.class_masks import BLACK, color_of, packed
from datamodules.files.images import opened_image
from specs.errors import DataError
from specs.task import IGNORED

MOST_CLASSES = 20
"""How many values masks may have that tell classes apart; a mask with more was saved as JPEG, or is no mask."""


class Choice(NamedTuple):
    """A choice of which values of masks are which class.

    Attributes:
        arguments: the arguments of the dataset expression that state it.
        named: words that are added to what the reading takes the folder for, such as ``, all values as one``.
        why: sentences on why these values may be meant.
        unsure: sentences on what somebody should look at.
        asks: a question that somebody has to answer before the choice is used; empty: there is none.
    """

    arguments: Arguments
    named: str = ""
    why: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    asks: str = ""


class Values(NamedTuple):
    """The values that masks hold, with the choices of what they mean.

    Attributes:
        said: a sentence on the values that the masks hold.
        choices: the choices of values that may be foreground; none where the masks are not read.
        unsure: sentences on why masks are not read, where there is no choice.
    """

    said: str
    choices: tuple[Choice, ...]
    unsure: tuple[str, ...] = ()


UNNAMED = 'what the masks mark is not written anywhere: it is called "foreground"; name it in classes'

NAMELESS = "which class each mark of the masks is, is not written anywhere: name them in classes, in that order"


def values_of(masks: Sequence[Path]) -> Values:
    """Look at the values of some of many masks, ``PICTURES`` of them at most."""
    values, colors = set[int](), set[str]()
    chosen = masks[:: max(-(-len(masks) // PICTURES), 1)]
    for path in chosen:
        try:
            held = _held(path)
        except DataError as error:
            return Values(f"masks cannot be read: {error}", (), (str(error),))
        colors |= {mark for mark in held if isinstance(mark, str)}
        values |= {mark for mark in held if isinstance(mark, int)}
    some = f"of {len(chosen)} of them" if len(chosen) < len(masks) else "of all of them"
    if colors:
        return _of_colors(colors, values, some)
    if len(values) > MOST_CLASSES:
        why = "they hold many values, as masks that were saved as JPEG do"
        unsure = (UNNAMED, "masks of many values are cut at half: look whether they are masks")
        half = Choice(given(classes=("foreground",), foreground="above half"), "", (why,), unsure)
        return Values(f"masks hold many values ({some})", (half,))
    return of_numbers(values, some)


def of_numbers(values: set[int], some: str) -> Values:
    """The choices of what a few whole numbers in masks mean.

    Args:
        values: the values that masks hold.
        some: how many of the masks were looked at, in words.
    """
    beside = sorted(values - {0})
    said = f"masks hold the values {', '.join(map(str, sorted(values)))} ({some} looked at)"
    single = given(classes=("foreground",))
    if len(beside) <= 1:
        none = () if beside else ("no mask that was looked at shows foreground",)
        return Values(said, (Choice(single, unsure=(UNNAMED, *none)),))
    asks = f"are the {len(beside)} values of masks beside 0 one foreground, or classes?"
    all_as_one = Choice(
        single | given(foreground="above 0"), ", all values as one", ("all values beside 0 are one foreground",),
        (UNNAMED,), asks,
    )  # fmt: skip
    return Values(said, (all_as_one, _of_values(beside, asks)))


def _of_values(beside: Sequence[int], asks: str) -> Choice:
    """The choice in which each value is a class; 255 beside small ones may say that nobody labelled a pixel."""
    unsure: tuple[str, ...] = (NAMELESS,)
    classes, ignored = tuple(beside), tuple[int, ...]()
    if beside[-1] == IGNORED and len(beside) > 2 and beside[-2] < MOST_CLASSES:
        classes, ignored = tuple(beside[:-1]), (IGNORED,)
        unsure = (*unsure, f"{IGNORED} is taken for pixels that nobody labelled; if it is a class, move it to values")
    arguments = given(classes=tuple(f"value {value}" for value in classes))
    arguments |= given(values=classes) if classes != tuple(range(1, len(classes) + 1)) else {}
    arguments |= given(ignored=ignored) if ignored else {}
    return Choice(arguments, ", each value as a class", ("each value beside 0 is a class",), unsure, asks)


def _of_colors(colors: set[str], values: set[int], some: str) -> Values:
    """The choice in which each color but black is a class."""
    all_colors = colors | {f"#{value:02x}{value:02x}{value:02x}" for value in values}
    marks = tuple(sorted(all_colors - {BLACK}))
    if len(all_colors) > MOST_CLASSES:
        said = f"masks are in color and hold many colors ({some})"
        return Values(said, (), (f"{said}, as masks that were saved as JPEG do: save them without loss",))
    said = f"masks hold the colors {', '.join(sorted(all_colors))} ({some} looked at)"
    why = "each color but black is a class"
    if len(marks) == 1:
        return Values(said, (), (f"{said}: save masks of one class in gray, background 0",))
    arguments = given(classes=tuple(f"color {mark[1:]}" for mark in marks), values=marks)
    return Values(said, (Choice(arguments, ", each color as a class", (why,), (NAMELESS,)),))


def _held(path: Path) -> set[int | str]:
    """The values that a mask holds; where it is in color, its colors; some of them if they are many.

    Raises:
        DataError: if the mask cannot be read.
    """
    import numpy as np

    with opened_image(path) as stored:
        values = stored.values
        if values.ndim == 3:
            planes = values[..., :3] if values.shape[2] > 2 else values[..., :1]
            if (planes != planes[..., :1]).any():
                return {
                    color_of(int(one))
                    for one in np.unique(packed(np.asarray(stored.image.convert("RGB"))))[: MOST_CLASSES + 1]
                }
            values = planes[..., 0]
    return {int(value) for value in np.unique(values)[: MOST_CLASSES + 1]}
