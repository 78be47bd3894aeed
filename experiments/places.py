"""Where data and runs are on this machine. Places never enter a run's key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datamodules.contract import Dataset, Index
from datamodules.phantom import ensure_phantom, phantom_root
from specs.expression import Call
from specs.registry import DATASETS
from specs.run import Edition


@dataclass(frozen=True)
class Places:
    """The folders that a command works with.

    Attributes:
        data: holds one folder per real dataset, under its registry name.
        runs: the run store; phantom editions are written beside its runs.
    """

    data: Path
    runs: Path

    @property
    def phantoms(self) -> Path:
        """Where phantom editions are written."""
        return self.runs / "phantoms"

    def root(self, expression: Call, edition: Edition) -> Path:
        """The folder of a dataset's files; it need not exist."""
        return phantom_root(expression, self.phantoms) if edition == "phantom" else self.data / expression.name

    def open(self, expression: Call, edition: Edition) -> tuple[Dataset, Path]:
        """A dataset and the folder of its files; a phantom edition is written first if it is not there yet."""
        dataset: Dataset = DATASETS.build(expression)
        if edition == "phantom" and not dataset.generated:
            return dataset, ensure_phantom(expression, self.phantoms)
        return dataset, self.root(expression, edition)

    def index(self, expression: Call, edition: Edition) -> Index:
        """A dataset's checked splits.

        Raises:
            DataError: if the files are not there, damaged, or two splits share a patient.
        """
        dataset, root = self.open(expression, edition)
        index = dataset.index(root)
        index.check(str(expression))
        return index
