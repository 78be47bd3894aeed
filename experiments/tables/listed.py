"""Which test images weights have seen, by lists of the images that they were trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from datamodules.listed.reading import names_in
from experiments.run.needed import initializers_of
from experiments.tables.overlap import overlap
from initializers.publishing.publishing import StoredWeights
from initializers.publishing.store import PublishedFile, WeightStore
from initializers.publishing.training_lists import training_list
from specs.expression import Call
from specs.registry import INITIALIZERS
from specs.run import Edition


def lists_of(initializer: Call) -> dict[Call, PublishedFile | Path | None]:
    """The list of training images of each set of weights that an initializer is made of, by its expression.

    Weights that have none that is known here have None.
    """
    parts = initializers_of(INITIALIZERS.bind(initializer))
    return {
        part: training_list(built)
        for part, built in parts
        if isinstance(built, StoredWeights) or not (built.nested() or built.requires())
    }


def telling_lists(initializer: Call, dataset: Call, edition: Edition) -> tuple[Path, ...]:
    """The lists that tell which of a dataset's images weights have seen, as far as their cards let one expect any.

    There are none if the weights' collections and the dataset's have nothing in common, if weights that have seen
    images of its collections have no list, or none that is in the weight store (nothing is fetched), or if the weights
    are trained on here, since no list says what they see then.

    Args:
        initializer: the expression of the initializer.
        dataset: the expression of the dataset that is tested on.
        edition: the edition of both, ``real`` or ``phantom``.
    """
    found = list[Path]()
    parts = initializers_of(INITIALIZERS.bind(initializer))
    if overlap(initializer, dataset, edition) is None or any(built.requires() for _, built in parts):
        return ()
    for part, named in lists_of(initializer).items():
        if overlap(part, dataset, edition) is None:
            continue
        path = held(named) if named is not None else None
        if path is None:
            return ()
        found.append(path)
    return tuple(found)


def held(named: PublishedFile | Path) -> Path | None:
    """The path of a list of training images on this machine; None for a published one that is not in the store."""
    if isinstance(named, Path):
        return named
    store = WeightStore.current()
    return store.path(named) if store.holds(named) else None


def names_of(lists: Mapping[Path, str | None]) -> Iterator[str]:
    """The names in several lists, in order.

    Args:
        lists: for each list the column that holds the names; None finds it.

    Raises:
        DataError: if a list is missing, damaged or empty, or does not tell which column holds names.
    """
    for path, column in lists.items():
        yield from names_in(path, column)
