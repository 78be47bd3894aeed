"""Whether weights may have seen a test set: what their cards list against what a dataset's images are from."""

from __future__ import annotations

from typing import Literal, NamedTuple

from datamodules.dataset.contract import Dataset
from experiments.run.public_names import public, public_dataset
from initializers.loading.contract import Initializer
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.registry import DATASETS, INITIALIZERS
from specs.run import Edition
from specs.titles import title_of_text


class Overlap(NamedTuple):
    """The image collections that the training data of weights and a dataset have in common.

    Attributes:
        kind: ``same`` if the weights were trained on that dataset, ``shared`` if on other images of the same
            collections.
        collections: the names of the shared collections; for ``same``, the dataset's expression.
    """

    kind: Literal["same", "shared"]
    collections: tuple[str, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the collections, as people know them."""
        return tuple(title_of_text(DATASETS, name, public) for name in self.collections)


def overlap(initializer: Call, dataset: str | Call, edition: Edition) -> Overlap | None:
    """The overlap of an initializer's training data with a dataset's collections; None if there is none.

    Phantom editions share no images with other datasets, since the images of each are drawn for it alone.

    Args:
        initializer: the expression of the initializer, whose card lists the training data.
        dataset: the expression of the dataset that is tested on.
        edition: the edition of both, ``real`` or ``phantom``.

    Raises:
        WeightsError: if the initializer names a file that is not there.
    """
    built: Initializer = INITIALIZERS.build(initializer)
    target = parse(dataset) if isinstance(dataset, str) else dataset
    here, seen = _collections(target), set[str]()
    for text in built.card().training_data:
        source = _dataset(text)
        if source is None:
            seen.add(text)
            continue
        theirs = _collections(source)
        alike = public_dataset(target) if source.name == target.name and theirs == here else None
        if alike and (not source.arguments() or public_dataset(source) == alike):
            return Overlap("same", (alike,))
        seen |= theirs
    shared = tuple(sorted(here & seen)) if edition == "real" else ()
    return Overlap("shared", shared) if shared else None


def _dataset(text: str) -> Call | None:
    """The dataset that a card's entry names, or None for one that is not registered here."""
    try:
        call = parse(text)
    except UsageError:
        return None
    return call if call.name in DATASETS.entries else None


def _collections(call: Call) -> set[str]:
    try:
        dataset: Dataset = DATASETS.build(call)
    except UsageError:  # the card names a dataset without arguments that it requires
        return {call.name}
    return set(dataset.taken_from) or {call.name}
