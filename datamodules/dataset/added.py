"""Arguments that were added to a dataset after runs of it had been stored."""

from __future__ import annotations

import dataclasses

from datamodules.dataset.contract import Dataset


def unchanged(dataset: Dataset) -> frozenset[str]:
    """The names of arguments in ``added`` that have their default value, which digests therefore leave out."""
    return frozenset(
        field.name
        for field in dataclasses.fields(dataset)
        if field.name in dataset.added and getattr(dataset, field.name) == field.default
    )
