"""What the nearest neighbors know at each stage, against scikit-learn's."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from backbones.networks.contract import Backbone
from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from datamodules.prepared.opening import OpenDataset
from experiments.measures.neighbors import NEIGHBORS, neighbor_scores
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.run.restored import before_training, restore
from experiments.run.store import Record
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Column, Row, Table
from specs.errors import DataError
from tests.experiments.altered import Altered
from tests.experiments.finished import STAGES


@pytest.mark.parametrize("most", [NEIGHBORS, 15])
def test_each_stages_score_is_that_of_scikit_learns_neighbors(
    most: int, record: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On maps averaged here; a neighbor's vote weighs exp(cosine / 0.07) (Wu et al. 2018, section 3.4)."""
    monkeypatch.setattr("experiments.measures.neighbors.NEIGHBORS", most)
    found = neighbor_scores(record, where)
    assert found.keys() == {*STAGES, *(f"before:{stage}" for stage in STAGES)}
    network = restore(record, where)
    for prefix, backbone in (("", network.module.backbone), ("before:", before_training(record, where))):
        bank, labels = pooled(network.data.training_images(), network.module, backbone)
        features, targets = pooled(network.data.test_dataloader(), network.module, backbone)
        for stage, known, asked in zip(STAGES, bank, features, strict=True):
            neighbors = KNeighborsClassifier(
                min(most, len(known)), metric="cosine", weights=lambda distance: np.exp((1 - distance) / 0.07)
            )
            votes = neighbors.fit(known, labels).predict_proba(asked)[:, 1]
            assert found[prefix + stage] == pytest.approx(roc_auc_score(targets, votes), abs=1e-4)


def pooled(batches: Any, module: Any, backbone: Backbone) -> tuple[list[np.ndarray], np.ndarray]:
    rows: list[list[np.ndarray]] = []
    labels = []
    with torch.no_grad():
        for batch in batches:
            maps = backbone.features(module.normalize(batch["image"]))
            rows.append([of.double().numpy().mean(axis=(2, 3)) for of in maps])
            labels.append(batch["target"][:, 0].numpy())
    return [np.concatenate(of) for of in zip(*rows, strict=True)], np.concatenate(labels)


def white_if_diseased(dataset: Dataset) -> Dataset:
    class White(type(dataset)):  # type: ignore[misc]
        def read_image(self, root: Path, sample: Sample) -> Any:
            return np.full_like(super().read_image(root, sample), 255 * int(sample.target[0]))

    return White(**{field.name: getattr(dataset, field.name) for field in dataclasses.fields(dataset)})


class BlackAndWhite(Altered):
    """Images that show nothing but their label."""

    alter = staticmethod(
        lambda opened: dataclasses.replace(opened, dataset=white_if_diseased(opened.dataset), prepared=None)
    )


def test_images_that_show_nothing_but_their_label_are_told_apart_at_every_stage(record: Record, where: Paths) -> None:
    found = neighbor_scores(record, BlackAndWhite(where.data, where.runs, where.cache))
    assert found == dict.fromkeys(found, 1.0)


def healthy_test_images(opened: OpenDataset) -> OpenDataset:
    healthy = tuple(sample for sample in opened.index.test if not sample.target[0])
    return dataclasses.replace(opened, index=dataclasses.replace(opened.index, test=healthy), prepared=None)


class Healthy(Altered):
    """Test images of one label, of which no AUROC is defined."""

    alter = staticmethod(healthy_test_images)


def test_where_no_score_is_defined_there_is_none(record: Record, where: Paths) -> None:
    found = neighbor_scores(record, Healthy(where.data, where.runs, where.cache))
    assert found == dict.fromkeys(found)
    json.dumps(found, allow_nan=False)


def table(*columns: Column) -> Table:
    return Table(
        title="Neighbors", question="?", edition="phantom", protocol="smoke", weights="trained here",
        backbone="tiny(width=4)", rows=(Row("random", "random"),), reference="random", pretraining=None, seeds=1,
        columns=columns,
    )  # fmt: skip


def test_masks_are_refused_before_anything_is_trained(where: Paths) -> None:
    masks = Column("masks", "drive", recipe_named("phantom/smoke_segmentation"), measure="neighbors:layer1")
    labels = Column("labels", 'medmnist("pneumoniamnist")', recipe_named("phantom/smoke"), measure="neighbors:layer1")
    with pytest.raises(DataError, match=r"Drive has masks; nearest neighbors need labels of whole images\. Take"):
        resolve_cells(table(masks), Resolver(where))
    found = resolve_cells(table(masks, labels), Resolver(where))
    assert isinstance(found.runs["random", "masks"], str)
    ((_, (error,)),) = found.lacking.values()
    assert "Drive has masks" in str(error)
    assert len(found.runs["random", "labels"]) == 1
