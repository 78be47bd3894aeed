"""A fold: which part of a dataset's patients a run is tested on, of so many parts that each are tested on once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from specs.errors import UsageError
from specs.quoting import shown

FEWEST = 3
"""How many folds there are, at least: one tests, another validates, and the rest train."""


@dataclass(frozen=True)
class Fold:
    """One of several folds: the part of the patients that a run is tested on.

    Its text counts from 1, as people do: the second of five folds is ``Fold(1, 5)``, and its text ``2/5``.

    Attributes:
        number: the number of this fold, from 0 to ``of`` - 1.
        of: how many folds there are, 3 or more.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if type(self.of) is not int or self.of < FEWEST:
            raise UsageError(
                f"there are {FEWEST} folds or more, found {self.of!r}: one tests, another validates, and the rest "
                "train. Five are usual."
            )
        if type(self.number) is not int or not 0 <= self.number < self.of:
            raise UsageError(
                f"a fold of {self.of} has a number from 0 to {self.of - 1}, found {self.number!r}. In its text they "
                f"are 1/{self.of} to {self.of}/{self.of}."
            )

    def __str__(self) -> str:
        return f"{self.number + 1}/{self.of}"

    @property
    def title(self) -> str:
        """The fold in words: ``fold 2 of 5``."""
        return f"fold {self.number + 1} of {self.of}"

    @classmethod
    def parse(cls, text: str) -> Fold:
        """The fold that a text such as ``2/5`` stands for.

        Raises:
            UsageError: if the text does not describe a fold.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text) if isinstance(text, str) else None
        if found is None:
            raise UsageError(f'a fold is written such as "2/5", the second of five, found {shown(text)}.')
        return cls(int(found[1]) - 1, int(found[2]))


def folds_of(number: int) -> tuple[Fold, ...]:
    """All folds of a division into a number of folds, in order.

    Args:
        number: how many folds there are, 3 or more.

    Raises:
        UsageError: if they are too few.
    """
    return tuple(Fold(one, number) for one in range(max(number, 1)))
