"""Numbers of other people that come with a claim, as a file in the form of printed numbers with their licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.ledger.claim import NumbersOfOthers
from experiments.ledger.evidence_of import of_printed, of_tasks
from experiments.reporting.page.published import read_printed
from specs.errors import DataError


@dataclass(frozen=True)
class Shipped:
    """A file of others' numbers, in the form that ``experiments.reporting.page.published`` describes.

    Above its numbers stand ``# source:``, whom to cite, and ``# licence:``. Where it states ``# runs:``, they are
    judged by repeated runs, as printed ones are; elsewhere its columns, each a task, are what is repeated.

    Attributes:
        file: the path of the file, best in a folder ``elsewhere`` of the paper.
    """

    file: Path

    @property
    def wanted(self) -> str:
        """Nothing: the file comes with the claim."""
        return ""

    def read(self, folder: Path | None) -> NumbersOfOthers:
        """The numbers of the file; the user's folder is not looked at.

        Raises:
            DataError: if the file cannot be read, or names no licence.
        """
        if not self.file.is_file():
            raise DataError(
                f"{self.file}: expected numbers of others that come with a claim, found no file. Put it there."
            )
        numbers = read_printed(self.file)
        if not numbers.licence:
            raise DataError(
                f'{self.file}: expected a line "# licence: TEXT" above the numbers, since they are of other people, '
                "found none. Say under which licence they were published."
            )
        means = {cell: value.mean for cell, value in numbers.values.items()}
        judge = of_printed(numbers) if numbers.runs else of_tasks(means)
        return NumbersOfOthers(numbers.source, numbers.licence, numbers.remarks, judge)
