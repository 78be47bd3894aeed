"""Runs of the demo's tasks on data that were changed on purpose."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from datamodules.prepared.opening import OpenDataset
from experiments.run.paths import Paths
from experiments.run.runner import run
from experiments.tables.table import Column
from specs.expression import Call
from specs.run import Edition, RunSpec
from tests.experiments.smoke import table_of_runs

TABLE = table_of_runs("initializations", "phantom")


def random_labels(opened: OpenDataset) -> OpenDataset:
    """Each training image with the label, or the mask, of another one."""
    train = opened.index.train
    order = np.random.default_rng(0).permutation(len(train))
    index, dataset = opened.index, opened.dataset
    if dataset.kind == "segmentation":
        dataset = with_masks_of_others(dataset, {a.source: train[b].source for a, b in zip(train, order, strict=True)})
    else:
        labelled = tuple(a._replace(target=train[b].target) for a, b in zip(train, order, strict=True))
        index = dataclasses.replace(index, train=labelled)
    return dataclasses.replace(opened, dataset=dataset, index=index)


def with_masks_of_others(dataset: Dataset, others: dict[str, str]) -> Dataset:
    class Shuffled(type(dataset)):  # type: ignore[misc]
        def read_mask(self, root: Path, sample: Sample) -> Any:
            return super().read_mask(root, sample._replace(source=others.get(sample.source, sample.source)))

    return Shuffled(**{field.name: getattr(dataset, field.name) for field in dataclasses.fields(dataset)})


def leaked(opened: OpenDataset) -> OpenDataset:
    """A leak on purpose."""
    index = opened.index
    return dataclasses.replace(opened, index=dataclasses.replace(index, train=index.train + index.test))


class Altered(Paths):
    """Paths whose datasets are changed after they were opened."""

    alter: Any = staticmethod(lambda opened: opened)

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        changed: OpenDataset = type(self).alter(super().opened(expression, edition))
        return changed


def score(column: Column, folder: Path, alter: Any, longer: int = 1, seed: int = 0) -> float:
    class Changed(Altered):
        pass

    Changed.alter = staticmethod(alter)
    runs = TABLE.cell(TABLE.rows[0], column)
    assert not isinstance(runs, str)
    recipe = dataclasses.replace(column.recipe, epochs=longer * column.recipe.epochs)
    spec: RunSpec = dataclasses.replace(runs[seed], recipe=recipe)
    found = run(spec, Changed(folder / "data", folder / "runs", folder / "prepared")).score
    assert found is not None
    return found
