"""Checking by a list of their training images whether weights have seen the images of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datamodules.listed.overlapping import Listed, listed_in
from experiments.run.paths import Paths
from experiments.session.announcing import announcing, host_of
from experiments.session.context import Say
from experiments.tables.listed import lists_of, names_of
from experiments.tables.overlap import Overlap, overlap
from initializers.publishing.fetching import Report
from initializers.publishing.store import PublishedFile, WeightStore
from specs.errors import UsageError, WeightsError
from specs.expression import Call
from specs.registry import DATASETS, INITIALIZERS
from specs.run import Edition


@dataclass(frozen=True)
class Leaks:
    """Weights, or a list of images alone, held against a dataset.

    Attributes:
        dataset: the expression of the dataset.
        weights: the expression of the weights; None: only a list was given.
        lists: the files with the names of the images that the weights were trained on.
        listed: how many images and patients of each split are in the lists.
        mark: the collections that the weights' card and the dataset have in common, by which tables mark a score; None:
            there are none, or only a list was given.
    """

    dataset: str
    weights: str | None
    lists: tuple[Path, ...]
    listed: Listed
    mark: Overlap | None


def leaks(
    weights: Call | None,
    dataset: Call,
    paths: Paths,
    *,
    edition: Edition = "real",
    trained_on: Path | None = None,
    column: str | None = None,
    fetch: bool = False,
    say: Say,
    report: Report,
) -> Leaks:
    """Hold the list of the images that weights were trained on against a dataset's splits, image by image.

    Label files are read, and no image is.

    Args:
        weights: the expression of the weights; None: a list is given alone.
        dataset: the expression of the dataset that would be tested on.
        paths: where the dataset is.
        edition: the edition of the dataset.
        trained_on: a list of the user's own: a name a line, or a table; None takes those that the weights publish.
        column: the column of the list that holds the names; None finds it.
        fetch: whether a published list that is not in the weight store may be fetched.
        say: a function that is told what is fetched, from which host and how large it is.
        report: a function that is told how many bytes have come.

    Raises:
        UsageError: if there is no list.
        WeightsError: if a published list is not in the weight store and may not be fetched, or cannot be.
        DataError: if the dataset or the list is not there, or damaged.
    """
    mark = None if weights is None else overlap(weights, dataset, edition)
    if trained_on is not None:
        lists: tuple[Path, ...] = (trained_on,)
    elif weights is not None:
        lists = _lists(weights, fetch, say, report)
    else:
        raise UsageError("no list of training images is given. Name weights that publish one, or give --trained-on.")
    built, root = paths.open(DATASETS.bind(dataset), edition)
    return Leaks(
        dataset=str(DATASETS.short(dataset)),
        weights=None if weights is None else str(INITIALIZERS.short(weights)),
        lists=lists,
        listed=listed_in(built, built.index(root), names_of(dict.fromkeys(lists, column))),
        mark=mark,
    )


def _lists(weights: Call, fetch: bool, say: Say, report: Report) -> tuple[Path, ...]:
    """The files of the lists of all weights that an initializer is made of."""
    named = [of for of in lists_of(weights).values() if of is not None]
    if not named:
        raise UsageError(
            f"{INITIALIZERS.short(weights)} has no list of training images that is known here. Give one: --trained-on "
            "FILE, with a name a line or a column of names."
        )
    return tuple(of if isinstance(of, Path) else _stored(of, fetch, say, report) for of in named)


def _stored(file: PublishedFile, fetch: bool, say: Say, report: Report) -> Path:
    """The path of a published list in the weight store, which is fetched if that is allowed."""
    store = WeightStore.current()
    if not store.holds(file):
        assert file.url is not None  # lists are published at an address
        if not fetch:
            raise WeightsError(
                f"the list {file.name} is not in the weight store. --fetch gets it from {host_of(file.url)}; or put "
                f"{file.url} at {store.folder / file.name}. Its terms are on {file.page}."
            )
        store.fetch(file, announcing(file.name, file.url, f"its terms are on {file.page}", say, report))
    store.sha256(file)  # refuses a file whose bytes have changed
    return store.path(file)
