"""The error for a folder that does not hold a dataset: what was found, what was expected, and where it comes from."""

from __future__ import annotations

from pathlib import Path

from specs.errors import DataError


def not_found(name: str, layout: str, published: str | None, fetch: str | None, root: Path, found: str) -> DataError:
    """The error for a folder that does not hold a dataset.

    Args:
        name: the name of the dataset's class.
        layout: the files that a folder with the dataset has.
        published: the place where the dataset is published, and its licence; None of a user's own files.
        fetch: the command that fetches the dataset; None where it is not to be had without a form.
        root: the folder that was looked at.
        found: what was found there, as the beginning of a sentence.
    """
    listed = sorted(path.name for path in root.iterdir())[:8] if root.is_dir() else None
    holds = f"which holds {', '.join(listed) or 'nothing'}" if listed is not None else "which does not exist"
    source = f"It is published at {published}. Put it" if published else "Put your files"
    fetched = f", or have it fetched: {fetch}" if fetch else "."
    return DataError(
        f"{name}: {found} in {root}, {holds}.\nExpected:\n{layout}\n{source} there or give another --data-root{fetched}"
    )
