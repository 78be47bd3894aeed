"""Things that runs need and that can be fetched or made: published files, published weights, prepared images."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.dataset.contract import Dataset
from datamodules.dataset.open_file import OpenFile, missing_files
from experiments.run.machine.cores import cores
from experiments.run.machine.processes import fresh_processes
from experiments.session.announcing import host_of, size_in_words
from experiments.session.context import Context
from experiments.session.fetching import fetched, named
from experiments.session.preparing import prepared_dataset
from experiments.session.weights import fetched_weights, terms_of
from initializers.loading.contract import Initializer
from initializers.publishing.publishing import StoredWeights
from initializers.publishing.store import WeightStore
from specs.errors import DataError, MedtransferError, StorageError, WeightsError
from specs.expression import Call
from specs.recipe import Form, Recipe
from specs.registry import DATASETS


class Fetched(NamedTuple):
    """A file that would be fetched: its name, the host that it comes from, and its terms."""

    name: str
    host: str
    terms: str


class Need(ABC):
    """Something that a run needs and that is not on this machine.

    Attributes:
        can_be_had: whether ``provide`` can fetch or prepare it.
        missing: what stands for its files in errors about them (``MedtransferError.missing``).
    """

    can_be_had: bool = True
    missing: Hashable = None

    @abstractmethod
    def provide(self) -> None:
        """Fetch or prepare the missing thing."""

    @abstractmethod
    def steps(self) -> Sequence[Fetched | str]:
        """What ``provide`` would do: files that it would fetch, or lines for a user."""


class Files(Need):
    """The published files of a real dataset."""

    def __init__(self, expression: Call, context: Context) -> None:
        self.expression, self.context = expression, context
        self.root, dataset = context.paths.root(expression, "real"), DATASETS.build(expression)
        self.lacking: list[OpenFile] = [file for file in dataset.open_files if not (self.root / file.becomes).exists()]
        self.can_be_had = bool(self.lacking) and not context.offline
        self.missing = missing_files(self.root, dataset.open_files)

    @staticmethod
    def lack(dataset: Dataset, root: Path) -> bool:
        """Whether the files of a dataset are missing; files in another layout that the dataset reads are not."""
        if not root.is_dir():
            return True
        if all((root / file.becomes).exists() for file in dataset.open_files):
            return False
        try:
            dataset.at(root).read_labels(root)
        except DataError:
            return True
        return False

    def provide(self) -> None:
        """Fetch the missing files."""
        try:
            fetched(self.expression, self.context.paths, self.context.steps, self.context.say)
        except (DataError, StorageError) as error:
            raise _not_fetched(f"the files of {self.expression.name}", self.lacking[0].url, error) from error

    def steps(self) -> Sequence[Fetched | str]:
        """The missing files."""
        return [Fetched(named(file, self.root), host_of(file.url), file.licence) for file in self.lacking]


class Weights(Need):
    """The weight file that an initializer reads: a published one, or one of the user's own, which cannot be fetched."""

    def __init__(self, initializer: Initializer, context: Context) -> None:
        self.initializer, self.context = initializer, context
        file = initializer.file if isinstance(initializer, StoredWeights) else None
        self.missing = file and file.name
        self.url = None if file is None or WeightStore.current().holds(file) else file.url
        self.can_be_had = self.url is not None and not context.offline

    @staticmethod
    def lack(initializer: Initializer) -> bool:
        """Whether the weights of an initializer are missing or damaged."""
        try:
            initializer.identity()
        except WeightsError:
            return True
        return False

    def provide(self) -> None:
        """Fetch the published weight file."""
        assert isinstance(self.initializer, StoredWeights)
        assert self.url is not None
        name, told = self.initializer.file.name, self.context.steps
        try:
            fetched_weights(self.initializer, self.context.say, lambda done, of: told(f"fetch {name}", done, of))
        except (WeightsError, StorageError) as error:
            raise _not_fetched(f"the weights {name}", self.url, error) from error

    def steps(self) -> Sequence[Fetched | str]:
        """The weight file."""
        assert isinstance(self.initializer, StoredWeights)
        assert self.url is not None
        return [Fetched(self.initializer.file.name, host_of(self.url), terms_of(self.initializer))]


class Images(Need):
    """The images of a real dataset that must be prepared, in the sizes that the recipes have.

    Args:
        expression: the bound expression of the dataset.
        context: the session's settings: where the dataset is, and how many processes may decode images.
        there: whether the dataset's files are there. If they are and their labels cannot be read, only a user can help.
    """

    def __init__(self, expression: Call, context: Context, there: bool) -> None:
        self.expression, self.context = expression, context
        self.forms: dict[Form, int] = {}
        self.images: int | None = None
        if there:
            try:
                dataset, root = context.paths.open(expression, "real")
                index = dataclasses.replace(dataset, fraction=1.0).index(root)
                index.check(str(DATASETS.short(expression)))
                self.images = sum(map(len, (index.train, index.validation, index.test)))
            except DataError:
                self.can_be_had = False
        else:
            self.images = DATASETS.build(expression).published.get("images")

    def add(self, recipe: Recipe) -> None:
        """Add the sizes that a recipe needs, but not the original one, which only ``medtransfer prepare`` stores."""
        forms = recipe.training_form, recipe.evaluation_form
        self.forms |= {form: form.size for form in forms if form.size != "source"}

    def provide(self) -> None:
        """Decode every image once, and store it in each size."""
        context, said = self.context, False

        def report(done: int, total: int) -> None:
            nonlocal said
            if not said:
                folder = context.paths.prepared(self.expression, "real")
                context.say(f"preparing {self._shown()}{self._size(total)} in {folder}")
                said = True
            context.steps(f"prepare {self.expression.name}", done, total)

        jobs = min(context.jobs or cores(), cores())
        # The server process that starts the decoders starts the runs too, so it must import what runs need.
        prepared_dataset(self.expression, "real", [*self.forms], context.paths, jobs, report, fresh_processes())

    def _size(self, images: int) -> str:
        """How many images are prepared, and about how much of the disk they take."""
        dataset: Dataset = DATASETS.build(self.expression)
        planes = dataset.channels + (dataset.kind == "segmentation")
        size = size_in_words(images * planes * sum(size**2 for size in self.forms.values()))
        return f": {images:,} images, about {size}"

    def steps(self) -> Sequence[Fetched | str]:
        """A line which says that the images would be prepared, and about how much of the disk they take."""
        return [f"would prepare {self._shown()}{'' if self.images is None else self._size(self.images)}"]

    def _shown(self) -> str:
        return f"{DATASETS.short(self.expression)} once, at {' and '.join(map(str, self.forms))}"


def _not_fetched(what: str, url: str, error: MedtransferError) -> MedtransferError:
    """An error of the same kind that also names what was to be fetched, and from where."""
    return type(error)(f"{what} are needed, and fetching them from {host_of(url)} failed: {error}")
