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

from specs.errors import UsageError
from specs.expression import Call, parse

FORM = "NAME = WEIGHTS on BACKBONE"


@dataclass(frozen=True)
class RowText:
    """A row as it is written.

    Attributes:
        weights: the initializer's expression.
        name: that people read; None: nobody gave one.
        backbone: the network's expression; None: the one of all rows, or that is named beside it.
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
    if (row := _unnamed(text)) is not None:
        return row
    for sign in re.finditer("=", text):
        name, rest = " ".join(text[: sign.start()].split()), text[sign.end() :]
        if name and (row := _unnamed(rest)) is not None:
            return RowText(row.weights, name, row.backbone)
    if (found := re.search(r"\sby\s+(.*)$", text, re.DOTALL)) and _is_row(text[: found.start()]):
        raise UsageError(
            f"{text!r}: there is no adaptation {found[1].strip()!r}, since there is none yet. Leave out `by`; what is "
            'trained is said for all rows by --set trained="head" or "all".'
        )
    raise UsageError(
        f"not a row: {text!r}. Expected {FORM}, each part but the weights optional, such as random, "
        "'ImageNet = imagenet' or 'ImageNet = imagenet on resnet18'. Weights and networks are expressions; "
        "`medtransfer list` names them. On a shell, quote the whole of it."
    )


def _is_row(text: str) -> bool:
    try:
        parse_row(text)
    except UsageError:
        return False
    return True


def _unnamed(text: str) -> RowText | None:
    """Weights, and perhaps a network; None if the text is something else."""
    if (weights := _expression(text)) is not None:
        return RowText(weights)
    for word in re.finditer(r"\son\s", text):
        weights, backbone = _expression(text[: word.start()]), _expression(text[word.end() :])
        if weights is not None and backbone is not None:
            return RowText(weights, None, backbone)
    return None


def _expression(text: str) -> Call | None:
    try:
        return parse(text)
    except UsageError:
        return None
