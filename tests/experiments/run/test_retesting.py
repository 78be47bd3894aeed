"""A network of a finished run, tested once more."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from experiments.run.paths import Paths
from experiments.run.predictions import score_names
from experiments.run.recipes import recipe_named
from experiments.run.restored import restore
from experiments.run.retesting import predictions, score_on_test
from experiments.run.runner import run
from experiments.run.store import Record
from specs.run import RunSpec
from tests.experiments.finished import start_of, with_weights
from tests.experiments.smoke import spec

KINDS = {
    "labels": spec(),
    "ten crops": spec(recipe=dataclasses.replace(
        recipe_named("phantom/smoke"), epochs=1, crop_from=32, test_time_augmentation="ten_crop"
    )),
    "masks": spec(dataset="drive", recipe=dataclasses.replace(
        recipe_named("phantom/smoke_segmentation"), epochs=1, test_time_augmentation="flip"
    )),
}  # fmt: skip


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS)
def test_it_predicts_what_the_run_stored(made: RunSpec, where: Paths) -> None:
    record = run(made, where)
    network = restore(record, where)
    stored = pq.read_table(record.folder / "predictions.parquet")
    found = predictions(network.module, network.data)
    assert found.schema == stored.schema
    assert found["id"].to_pylist() == stored["id"].to_pylist()
    for name in stored.column_names[1:]:
        assert found[name].to_pylist() == pytest.approx(stored[name].to_pylist(), abs=1e-6)
    assert score_on_test(network.module, network.data) == pytest.approx(record.score, abs=1e-6)
    assert sorted(score_names(network.data.task)) == sorted(record.data["outcome"]["scores"])


def test_a_second_test_forgets_the_first(record: Record, where: Paths) -> None:
    network = restore(record, where)
    first = predictions(network.module, network.data)
    assert predictions(network.module, network.data).equals(first)


def test_changed_weights_predict_otherwise(record: Record, where: Paths, copies: Path) -> None:
    network, untrained = restore(record, where), restore(with_weights(record, start_of(record, where), copies), where)
    column = "probability:pneumonia"
    one, other = (predictions(of.module, of.data)[column].to_pylist() for of in (network, untrained))
    assert one != pytest.approx(other, abs=1e-3)


@pytest.mark.parametrize("training", [True, False])
def test_a_test_is_in_evaluation_mode_and_leaves_the_mode(training: bool, record: Record, where: Paths) -> None:
    network = restore(record, where)
    expected = predictions(network.module, network.data)
    network.module.train(training)
    assert predictions(network.module, network.data).equals(expected)
    assert {module.training for module in network.module.modules()} == {training}
