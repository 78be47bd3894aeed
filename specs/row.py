"""How weights are written for a table or a run: ``NAME = WEIGHTS on BACKBONE``, each part but the weights optional.

Grammar::

    row  := [NAME "="] expression ["on" expression]
    NAME := any text that is not empty

The first expression is an initializer's, the second a backbone's. ``by ADAPTATION`` is kept for what is trained of a
network and how; there is no adaptation yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from specs.errors import UsageError
from specs.expression import Call, parse
from specs.quoting import EXPRESSION, shown

FORM = "NAME = WEIGHTS on BACKBONE"

MOST = 30
"""How many places of ``=``, and how many of ``on``, are tried as the end of a part of a row."""


@dataclass(frozen=True)
class RowText:
    """The parts of a row of a table, as a user writes it.

    Attributes:
        weights: the initializer's expression, which says where the weights come from.
        name: the name of the row in tables and figures; None where none was given.
        backbone: the network's expression; None where the row takes the network that is named for all rows.
    """

    weights: Call
    name: str | None = None
    backbone: Call | None = None

    def __str__(self) -> str:
        """The row's text; ``parse_row(str(row)) == row``."""
        name = f"{self.name} = " if self.name is not None else ""
        return f"{name}{self.weights}{f' on {self.backbone}' if self.backbone is not None else ''}"


def parse_row(text: str) -> RowText:
    """Read a row.

    Where the text is a row without a name, it is read so; else the name ends at the first ``=`` that a row follows.

    Raises:
        UsageError: if the text is no row, or names an adaptation.
    """
    if not isinstance(text, str):
        raise UsageError(f"a row is text of the form {FORM}, found {shown(text)}.")
    if (row := _unnamed(text)) is not None:
        return row
    for sign in islice(re.finditer("=", text), MOST):
        name, rest = " ".join(text[: sign.start()].split()), text[sign.end() :]
        if name and (row := _unnamed(rest)) is not None:
            return RowText(row.weights, name, row.backbone)
    if (found := re.search(r"\sby\s+(.*)$", text, re.DOTALL)) and _is_row(text[: found.start()]):
        raise UsageError(
            f"{shown(text, EXPRESSION)}: there is no adaptation {shown(found[1].strip())}, since there is none yet. "
            'Leave out `by`; what is trained is said for all rows by --set trained="head" or "all".'
        )
    raise UsageError(
        f"not a row: {shown(text, EXPRESSION)}. Expected {FORM}, each part but the weights optional, such as "
        "random, 'ImageNet = imagenet' or 'ImageNet = imagenet on resnet18'. Weights and networks are expressions; "
        "`medtransfer list` names them. On a shell, quote the whole of it."
    )


def _is_row(text: str) -> bool:
    try:
        parse_row(text)
    except UsageError:
        return False
    return True


def _unnamed(text: str) -> RowText | None:
    """The row of a text without a name: weights, and perhaps a network; None if the text is something else."""
    if (weights := _expression(text)) is not None:
        return RowText(weights)
    for word in islice(re.finditer(r"\son\s", text), MOST):
        weights, backbone = _expression(text[: word.start()]), _expression(text[word.end() :])
        if weights is not None and backbone is not None:
            return RowText(weights, None, backbone)
    return None


def _expression(text: str) -> Call | None:
    try:
        return parse(text)
    except UsageError:
        return None
