"""Where data and runs are on this machine. Places never enter a run's key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from datamodules.dataset.contract import Dataset
from datamodules.phantoms.phantom import ensure_phantom, phantom_root
from datamodules.prepared.folders import MANIFEST, prepared_folder
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset, open_dataset, without_test
from specs.expression import Call
from specs.registry import DATASETS
from specs.run import Edition, RunSpec


@dataclass(frozen=True)
class Places:
    """The folders that a command works with.

    Attributes:
        data: holds one folder per real dataset, under its registry name.
        runs: the run store; phantom editions are written beside its runs.
        cache: where datasets are prepared.
    """

    data: Path
    runs: Path
    cache: Path

    @classmethod
    def given(cls, data: Path | None = None, runs: Path | None = None, cache: Path | None = None) -> Places:
        """The folders that are named, and for the others what the environment or the current folder says.

        Args:
            data: None takes MEDTRANSFER_DATA, else ``data``.
            runs: None takes MEDTRANSFER_RUNS, else ``runs``.
            cache: None takes MEDTRANSFER_CACHE, else ``prepared`` in the run store.
        """
        data = (data or Path(os.environ.get("MEDTRANSFER_DATA", "data"))).absolute()
        runs = (runs or Path(os.environ.get("MEDTRANSFER_RUNS", "runs"))).absolute()
        cached = os.environ.get("MEDTRANSFER_CACHE")
        cache = cache or (Path(cached) if cached else runs / "prepared")
        return cls(data, runs, cache.absolute())

    @property
    def phantoms(self) -> Path:
        """Where phantom editions are written."""
        return self.runs / "phantoms"

    def root(self, expression: Call, edition: Edition) -> Path:
        """The folder of a dataset's files; it need not exist."""
        if edition == "phantom":
            return phantom_root(expression, self.phantoms)
        dataset: Dataset = DATASETS.build(expression)
        return self.data / (dataset.place or expression.name)

    def open(self, expression: Call, edition: Edition) -> tuple[Dataset, Path]:
        """A dataset and the folder of its files; a phantom edition is written first if it is not there yet."""
        dataset: Dataset = DATASETS.build(expression)
        if edition == "phantom" and not dataset.generated:
            root = ensure_phantom(expression, self.phantoms)
        else:
            root = self.root(expression, edition)
        return dataset.at(root), root

    def prepared(self, expression: Call, edition: Edition) -> Path:
        """The folder where a dataset is prepared; it need not exist."""
        dataset: Dataset = DATASETS.build(expression)
        return prepared_folder(dataset, expression.name, self.root(expression, edition), self.cache)

    def is_prepared(self, expression: Call, edition: Edition) -> bool:
        """Whether a dataset has been prepared, at whatever sizes."""
        return (self.prepared(expression, edition) / MANIFEST).is_file()

    def data_of(self, spec: RunSpec) -> OpenDataset:
        """The dataset of a run, in its fold if it has one; that of a run which tunes has no test image.

        Raises:
            DataError: as ``opened``.
            UsageError: if it has too few patients for so many folds.
        """
        return seen_by(spec, self.opened(spec.dataset, spec.edition))

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        """A dataset with its checked splits.

        Raises:
            DataError: if the files are not there, damaged or not prepared, or two splits share a patient.
        """
        dataset, root = self.open(expression, edition)
        drawn = root.name if edition == "phantom" or dataset.generated else ""
        return open_dataset(dataset, str(DATASETS.short(expression)), root, self.prepared(expression, edition), drawn)


def seen_by(spec: RunSpec, opened: OpenDataset) -> OpenDataset:
    """What of a dataset a run sees.

    Raises:
        UsageError: if it has too few patients for so many folds.
    """
    if spec.fold is not None:
        opened = in_fold(opened, spec.fold)
    return without_test(opened) if spec.stage == "tune" else opened
