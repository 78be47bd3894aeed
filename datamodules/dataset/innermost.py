"""The dataset whose files an expression reads, where one dataset alters the images of another one."""

from __future__ import annotations

from specs.expression import Call
from specs.registry import DATASETS


def innermost(expression: Call) -> Call:
    """The expression of the dataset that has the files; the expression itself where no other dataset is inside it.

    Args:
        expression: the expression of a dataset, such as ``shortcut(medmnist("pneumoniamnist"))``.

    Raises:
        UsageError: if the expression names nothing, or an argument does not fit.
    """
    inside = [value for _, value in DATASETS.bind(expression).kwargs if isinstance(value, Call)]
    return innermost(inside[0]) if inside else expression
