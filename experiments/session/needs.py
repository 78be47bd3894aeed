"""The things that runs need and that can be brought here: published files, published weights, prepared images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from datamodules.dataset.contract import Dataset
from datamodules.dataset.open_file import OpenFile
from experiments.run.machine.cores import cores
from experiments.run.machine.processes import fresh_processes
from experiments.session.announcing import host_of, size_in_words
from experiments.session.context import Context
from experiments.session.fetching import fetched, named
from experiments.session.preparing import prepared_dataset
from experiments.session.weights import fetched_weights, terms_of
from initializers.loading.contract import Initializer
from initializers.publishing.publishing import Placed
from initializers.publishing.store import WeightStore
from specs.errors import DataError, MedtransferError, StorageError, WeightsError
from specs.expression import Call
from specs.recipe import Form, Recipe
from specs.registry import DATASETS


class Need(ABC):
    """One thing that is not here and that a run needs."""

    can_be_had: bool = True

    @abstractmethod
    def provide(self) -> None:
        """Fetch or prepare it."""

    @abstractmethod
    def lines(self) -> Sequence[str]:
        """What would be done."""


class Files(Need):
    """The files of a real dataset, as its publishers have them."""

    def __init__(self, expression: Call, context: Context) -> None:
        self.expression, self.context = expression, context
        self.root, dataset = context.paths.root(expression, "real"), DATASETS.build(expression)
        self.missing: list[OpenFile] = [file for file in dataset.open_files if not (self.root / file.becomes).exists()]
        self.can_be_had = bool(self.missing) and not context.offline

    @staticmethod
    def lack(dataset: Dataset, root: Path) -> bool:
        """Whether they are not there; those that a user laid out in another way that the dataset reads are."""
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
        """Fetch what is missing of them."""
        try:
            fetched(self.expression, self.context.paths, self.context.steps, self.context.say)
        except (DataError, StorageError) as error:
            raise _not_fetched(f"the files of {self.expression.name}", self.missing[0].url, error) from error

    def lines(self) -> Sequence[str]:
        """A line for each file."""
        return [_would_fetch(named(file, self.root), file.url, file.licence) for file in self.missing]


class Weights(Need):
    """What an initializer reads from a file: published, or the user's own."""

    def __init__(self, initializer: Initializer, context: Context) -> None:
        self.initializer, self.context = initializer, context
        file = initializer.file if isinstance(initializer, Placed) else None
        self.url = None if file is None or WeightStore.current().holds(file) else file.url
        self.can_be_had = self.url is not None and not context.offline

    @staticmethod
    def lack(initializer: Initializer) -> bool:
        """Whether they are not there, or not in order."""
        try:
            initializer.identity()
        except WeightsError:
            return True
        return False

    def provide(self) -> None:
        """Fetch the published file."""
        assert isinstance(self.initializer, Placed)
        assert self.url is not None
        name, told = self.initializer.file.name, self.context.steps
        try:
            fetched_weights(self.initializer, self.context.say, lambda done, of: told(f"fetch {name}", done, of))
        except (WeightsError, StorageError) as error:
            raise _not_fetched(f"the weights {name}", self.url, error) from error

    def lines(self) -> Sequence[str]:
        """One line."""
        assert isinstance(self.initializer, Placed)
        assert self.url is not None
        return [_would_fetch(self.initializer.file.name, self.url, terms_of(self.initializer))]


class Images(Need):
    """The images of a real dataset that must be prepared, in the sizes that the recipes have.

    Args:
        expression: of the dataset.
        context: says where it is, and how many processes may decode.
        there: whether its files are there; what cannot be read of its labels then only a user can mend.
    """

    def __init__(self, expression: Call, context: Context, there: bool) -> None:
        self.expression, self.context = expression, context
        self.forms: dict[Form, int] = {}
        if there:
            try:
                dataset, root = context.paths.open(expression, "real")
                dataset.index(root).check(str(DATASETS.short(expression)))
            except DataError:
                self.can_be_had = False

    def add(self, recipe: Recipe) -> None:
        """Sizes that a recipe has; only ``medtransfer prepare`` stores images as large as their files are."""
        forms = recipe.training_form, recipe.evaluation_form
        self.forms |= {form: form.size for form in forms if form.size != "source"}

    def provide(self) -> None:
        """Read every image once, and store it in each size."""
        context, said = self.context, False

        def report(done: int, total: int) -> None:
            nonlocal said
            if not said:
                context.say(self._announced(total))
                said = True
            context.steps(f"prepare {self.expression.name}", done, total)

        jobs = min(context.jobs or cores(), cores())
        # The server that starts the decoders starts the runs too, and has to hold what those need.
        prepared_dataset(self.expression, "real", [*self.forms], context.paths, jobs, report, fresh_processes())

    def _announced(self, images: int) -> str:
        dataset: Dataset = DATASETS.build(self.expression)
        planes = dataset.channels + (dataset.kind == "segmentation")
        size = size_in_words(images * planes * sum(size**2 for size in self.forms.values()))
        folder = self.context.paths.prepared(self.expression, "real")
        return f"preparing {self._shown()}: {images:,} images, about {size} in {folder}"

    def lines(self) -> Sequence[str]:
        """One line."""
        return [f"would prepare {self._shown()}"]

    def _shown(self) -> str:
        return f"{DATASETS.short(self.expression)} once, at {' and '.join(map(str, self.forms))}"


def _would_fetch(name: str, url: str, terms: str) -> str:
    return f"would fetch {name} from {host_of(url)}: size unknown before the server is asked, {terms}"


def _not_fetched(what: str, url: str, error: MedtransferError) -> MedtransferError:
    """The same error with what was wanted, and from where."""
    return type(error)(f"{what} are needed, and fetching them from {host_of(url)} failed: {error}")
