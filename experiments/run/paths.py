"""Where data and runs are on this machine. These folders never enter a run's key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from datamodules.dataset.contract import Dataset
from datamodules.dataset.innermost import innermost
from datamodules.phantoms.phantom import ensure_phantom, phantom_root
from datamodules.prepared.folders import MANIFEST, prepared_folder
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset, open_dataset, without_test
from datamodules.prepared.view import View, view_of
from specs.commands import command
from specs.expression import Call
from specs.registry import DATASETS
from specs.run import Edition, RunSpec


@dataclass(frozen=True)
class Paths:
    """The folders that a command works with.

    Attributes:
        data: the folder of real datasets, which holds one folder per dataset under its registry name.
        runs: the run store; phantom editions are written into it too.
        cache: the folder that prepared datasets are written to.
    """

    data: Path
    runs: Path
    cache: Path

    @classmethod
    def given(cls, data: Path | None = None, runs: Path | None = None, cache: Path | None = None) -> Paths:
        """The given folders; those that are not given come from environment variables or have a default.

        Args:
            data: the folder of real datasets; None takes the variable MEDTRANSFER_DATA, else ``data``.
            runs: the run store; None takes the variable MEDTRANSFER_RUNS, else ``runs``.
            cache: the folder of prepared datasets; None takes the variable MEDTRANSFER_CACHE, else ``prepared`` in the
                run store.
        """
        data = (data or Path(os.environ.get("MEDTRANSFER_DATA", "data"))).expanduser().absolute()
        runs = (runs or Path(os.environ.get("MEDTRANSFER_RUNS", "runs"))).expanduser().absolute()
        cached = os.environ.get("MEDTRANSFER_CACHE")
        cache = cache or (Path(cached) if cached else runs / "prepared")
        return cls(data, runs, cache.expanduser().absolute())

    def suggested(self, *words: str, edition: Edition = "real") -> str:
        """A command line for a message, with options for those of these folders that are not the default.

        Args:
            words: the words of the command line, such as ``prepare`` and a dataset's expression.
            edition: the edition of the dataset that the command is about.
        """
        usual = Paths.given()
        options = ["--edition", edition] if edition != "real" else []
        if self.data != usual.data and edition == "real":
            options += ["--data-root", str(self.data)]
        if self.runs != usual.runs:
            options += ["--runs", str(self.runs)]
        if self.cache != Paths.given(self.data, self.runs).cache:
            options += ["--cache", str(self.cache)]
        return command(*words, *options)

    @property
    def phantoms(self) -> Path:
        """The folder that phantom editions are written to."""
        return self.runs / "phantoms"

    def root(self, expression: Call, edition: Edition) -> Path:
        """The folder of a dataset's files; it need not exist."""
        expression = innermost(expression)
        if edition == "phantom":
            return phantom_root(expression, self.phantoms)
        dataset: Dataset = DATASETS.build(expression)
        return self.data / Path(dataset.folder or expression.name).expanduser()

    def open(self, expression: Call, edition: Edition) -> tuple[Dataset, Path]:
        """A dataset and the folder of its files; a phantom edition that is not there yet is drawn first."""
        dataset: Dataset = DATASETS.build(expression)
        if edition == "phantom" and not dataset.generated:
            root = ensure_phantom(expression, self.phantoms)
        else:
            root = self.root(expression, edition)
        return dataset.at(root), root

    def prepared(self, expression: Call, edition: Edition) -> Path:
        """The folder that holds a dataset once it is prepared; it need not exist."""
        expression = innermost(expression)
        dataset: Dataset = DATASETS.build(expression)
        return prepared_folder(dataset, expression.name, self.root(expression, edition), self.cache)

    def is_prepared(self, expression: Call, edition: Edition) -> bool:
        """Whether a dataset has been prepared, at any image sizes."""
        return (self.prepared(expression, edition) / MANIFEST).is_file()

    def data_of(self, spec: RunSpec) -> OpenDataset:
        """The opened dataset of a run, in the run's fold if it has one; without test images for a run that tunes.

        Raises:
            DataError: if the files are not there, damaged or not prepared, or two splits share a patient.
            UsageError: if the dataset has too few patients for so many folds.
        """
        return seen_by(spec, self.opened(spec.dataset, spec.edition))

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        """Open a dataset with its checked splits.

        Raises:
            DataError: if the files are not there, damaged or not prepared, or two splits share a patient.
        """
        dataset, root = self.open(expression, edition)
        name, folder = str(DATASETS.short(expression)), self.prepared(expression, edition)
        prepare = self.suggested("prepare", name, edition=edition)
        return open_dataset(dataset, name, root, folder, drawn_as(dataset, root, edition), prepare)

    def view(self, expression: Call, edition: Edition) -> View:
        """Look at all files of a dataset, whether it can be trained on or not.

        Raises:
            DataError: if the layout is not the expected one, or a label file is damaged.
        """
        dataset, root = self.open(expression, edition)
        prepare = self.suggested("prepare", str(DATASETS.short(expression)), edition=edition)
        drawn = drawn_as(dataset, root, edition)
        return view_of(dataset, root, self.prepared(expression, edition), prepare, drawn, thorough=True)


def drawn_as(dataset: Dataset, root: Path, edition: Edition) -> str:
    """The name that identifies the files of a drawn dataset, such as a phantom edition; empty for published files."""
    return root.name if edition == "phantom" or dataset.generated else ""


def seen_by(spec: RunSpec, opened: OpenDataset) -> OpenDataset:
    """The part of a dataset that a run uses: the run's fold if it has one, without test images if the run tunes.

    Raises:
        UsageError: if the dataset has too few patients for so many folds.
    """
    if spec.fold is not None:
        opened = in_fold(opened, spec.fold)
    return without_test(opened) if spec.stage == "tune" else opened
