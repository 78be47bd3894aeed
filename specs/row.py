"""How weights are written for a table or a run: ``NAME = WEIGHTS on BACKBONE by ADAPTATION``; weights alone are enough.

Grammar::

    row  := [NAME "="] expression ["on" expression] ["by" expression]
    NAME := any text that is not empty

The first expression is an initializer's, the second a backbone's, the third an adaptation's: what is trained of the
network, and how.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from itertools import islice

from specs.errors import UsageError
from specs.expression import Call, parse
from specs.quoting import EXPRESSION, shown

FORM = "NAME = WEIGHTS on BACKBONE by ADAPTATION"

MOST = 30
"""How many places of ``=``, of ``on`` and of ``by`` are tried as the end of a part of a row."""


@dataclass(frozen=True)
class RowText:
    """The parts of a row of a table, as a user writes it.

    Attributes:
        weights: the initializer's expression, which says where the weights come from.
        name: the name of the row in tables and figures; None where none was given.
        backbone: the network's expression; None where the row takes the network that is named for all rows.
        adaptation: the adaptation's expression; None where the row is adapted as the recipe says.
    """

    weights: Call
    name: str | None = None
    backbone: Call | None = None
    adaptation: Call | None = None

    def __str__(self) -> str:
        """The row's text; ``parse_row(str(row)) == row``."""
        name = f"{self.name} = " if self.name is not None else ""
        network = f" on {self.backbone}" if self.backbone is not None else ""
        return f"{name}{self.weights}{network}{f' by {self.adaptation}' if self.adaptation is not None else ''}"


def parse_row(text: str) -> RowText:
    """Read a row.

    Where the text is a row without a name, it is read so; else the name ends at the first ``=`` that a row follows.

    Raises:
        UsageError: if the text is no row.
    """
    if not isinstance(text, str):
        raise UsageError(f"a row is text of the form {FORM}, found {shown(text)}.")
    if (row := _unnamed(text)) is not None:
        return row
    for sign in islice(re.finditer("=", text), MOST):
        name, rest = " ".join(text[: sign.start()].split()), text[sign.end() :]
        if name and (row := _unnamed(rest)) is not None:
            return dataclasses.replace(row, name=name)
    raise UsageError(
        f"not a row: {shown(text, EXPRESSION)}. Expected {FORM}, each part but the weights optional, such as "
        "random, 'ImageNet = imagenet' or 'ImageNet, probed = imagenet on resnet18 by probe'. Weights, networks and "
        "adaptations are expressions; `medtransfer list` names them. On a shell, quote the whole of it."
    )


def _unnamed(text: str) -> RowText | None:
    """The row of a text without a name: weights, perhaps a network and an adaptation; None if it is something else."""
    if (row := _unadapted(text)) is not None:
        return row
    for word in islice(re.finditer(r"\sby\s", text), MOST):
        row, adaptation = _unadapted(text[: word.start()]), _expression(text[word.end() :])
        if row is not None and adaptation is not None:
            return dataclasses.replace(row, adaptation=adaptation)
    return None


def _unadapted(text: str) -> RowText | None:
    """The row of a text with neither name nor adaptation; None if the text is something else."""
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
