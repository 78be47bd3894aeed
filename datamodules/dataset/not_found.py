"""The error for a folder that does not hold a dataset: what was found, what was expected, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from datamodules.dataset.open_file import OpenFile, missing_files
from specs.commands import command
from specs.errors import DataError


class Sought(Protocol):
    """What is told of a dataset that is not there."""

    @property
    def homepage(self) -> str:
        """The address where it is published; of a user's own files no address."""

    @property
    def licence(self) -> str:
        """Its terms."""

    @property
    def layout(self) -> str:
        """The files that a folder with the dataset has."""

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """Those of its files that its publishers give to everyone."""


def not_found(dataset: Sought, root: Path, found: str) -> DataError:
    """The error for a folder that does not hold a dataset.

    Args:
        dataset: the dataset that was looked for, which knows its layout, where it is published and under which terms.
        root: the folder that was looked at.
        found: what was found there, as the beginning of a sentence.
    """
    from datamodules.dataset.expression_of import expression_of

    listed = sorted(path.name for path in root.iterdir())[:8] if root.is_dir() else None
    holds = f"which holds {', '.join(listed) or 'nothing'}" if listed is not None else "which does not exist"
    published = dataset.homepage.startswith("http")  # a user's own files are not
    source = f"It is published at {dataset.homepage} ({dataset.licence}). Put it" if published else "Put your files"
    get = command("fetch", expression_of(dataset), "--data-root", str(root.parent)) if published else ""
    fetched = f", or have it fetched: {get}" if dataset.open_files else "."
    error = DataError(
        f"{type(dataset).__name__}: {found} in {root}, {holds}.\n"
        f"Expected:\n{dataset.layout}\n{source} there or give another --data-root{fetched}"
    )
    if published:
        gets = "gets it" if dataset.open_files else "says where it is published and in which layout"
        error.missing = missing_files(root, dataset.open_files)
        error.brief = f"{root.name}: {found.rstrip(',')}; {get} {gets}"
    return error
