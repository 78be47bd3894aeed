"""A way to read a folder as a dataset: the arguments of its expression, and the reasons for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from specs.expression import Call, Value

Arguments = dict[str, Value]
"""The arguments of a dataset expression, by name."""


def given(**arguments: Value) -> Arguments:
    """The keyword arguments as a dictionary."""
    return arguments


@dataclass(frozen=True)
class Reading:
    """A way to read a folder as a dataset.

    Attributes:
        root: the folder that is read, absolute.
        arguments: the arguments of the dataset by name, without its path.
        what: what the folder is taken for, in a few words.
        why: a sentence on the reason for each choice.
        unsure: a sentence on each thing that somebody should look at.
        asks: a question that somebody has to answer before the reading is used; empty: there is none.
        dataset: the name of the dataset whose arguments these are: ``folder``, or ``volumes``.
    """

    root: Path
    arguments: Mapping[str, Value]
    what: str
    why: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    asks: str = ""
    dataset: str = "folder"

    @property
    def expression(self) -> str:
        """The dataset expression, which can be given to any command as it is."""
        return str(Call(self.dataset, (str(self.root),), tuple(self.arguments.items())))

    def also(
        self, arguments: Mapping[str, Value] | None = None, why: tuple[str, ...] = (), unsure: tuple[str, ...] = ()
    ) -> Reading:
        """The reading with further arguments and sentences."""
        merged = {**self.arguments, **(arguments or {})}
        return replace(self, arguments=merged, why=self.why + why, unsure=self.unsure + unsure)

    def called(self, more: str) -> Reading:
        """The reading with words added to what the folder is taken for."""
        return replace(self, what=self.what + more)
