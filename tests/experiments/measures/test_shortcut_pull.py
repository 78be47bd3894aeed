"""The pull of an artifact, of predictors whose answer is known and, slowly, of networks that were trained."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from analysis.bootstrap import draw_counts
from datamodules.pipeline.artifacts import tag
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.shortcut import Shortcut
from experiments.measures import shortcut_pull
from experiments.measures.measuring.measure import measure_of
from experiments.measures.shortcut_pull import shortcut_pulls, shortcut_resamples
from experiments.run.paths import Paths
from specs.errors import UsageError
from specs.expression import parse
from specs.run import RunSpec
from tests.experiments.smoke import spec

WITH_TAG = 'shortcut(medmnist("pneumoniamnist"), strength=1.0)'


def read_tag(data: ImageDataModule) -> NDArray[np.float64]:
    """1 where an image has the tag that was drawn into it, else 0."""
    images = data.test_batch(list(range(len(data.index_of("test")))))["image"].numpy()[:, 0]
    return np.array([float(np.array_equal(one, tag(one))) for one in images])


def labels(data: ImageDataModule) -> NDArray[np.float64]:
    return np.array([sample.target[0] for sample in data.index_of("test")])


PREDICTORS = {
    "the tag alone": (read_tag, 1.0, 1.0),
    "the label alone": (labels, 0.0, 0.0),
    "nothing": (lambda data: np.full(len(labels(data)), 0.5), 0.0, 0.0),
    "the tag a little": (lambda data: 0.4 + 0.2 * read_tag(data), 0.2, 1.0),
    "the tag the wrong way round": (lambda data: 1 - read_tag(data), -1.0, -1.0),
}


@pytest.fixture
def finished(where: Paths) -> SimpleNamespace:
    """What the measure takes of a run: its spec, its record and its data."""
    made: RunSpec = spec(dataset=WITH_TAG)
    data = ImageDataModule(where.data_of(made), made.recipe, made.seed)
    return SimpleNamespace(spec=made, data=data, record=SimpleNamespace(data={"spec": made.to_json()}))


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_predictor_has_the_pull_and_the_gap_of_what_it_reads(
    name: str, finished: SimpleNamespace, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, its_pull, its_gap = PREDICTORS[name]
    data = finished.data

    def predictions(module: Any, asked: ImageDataModule) -> pa.Table:
        return pa.table({"probability:pneumonia": predict(asked)})

    module = SimpleNamespace(to=lambda device: None)
    task, rows = data.task, {"probabilities": predict(data)[:, None], "targets": labels(data)[:, None]}
    monkeypatch.setattr(
        shortcut_pull, "restore", lambda *_: SimpleNamespace(spec=finished.spec, module=module, data=data)
    )
    monkeypatch.setattr(shortcut_pull, "predictions", predictions)
    monkeypatch.setattr(shortcut_pull, "stored_rows", lambda record: (task, rows))
    found = shortcut_pulls(finished.record, where)
    assert found["pull"] == pytest.approx(its_pull)
    assert found["gap"] == pytest.approx(its_gap)
    counts = draw_counts([sample.patient for sample in data.index_of("test")], 50, seed=0)
    drawn = shortcut_resamples(finished.record, found, counts)
    assert drawn["pull"] == pytest.approx(np.full(50, its_pull))
    assert drawn["gap"] == pytest.approx(np.full(50, its_gap))
    assert len(found["details"]["with_it"]) == len(data.index_of("test"))


def test_the_test_images_of_the_run_are_those_of_the_measure(finished: SimpleNamespace) -> None:
    """Half of them have the tag, which is found by looking at their pixels."""
    dataset = finished.data.opened.dataset
    assert isinstance(dataset, Shortcut)
    has = [dataset.has_artifact(sample, "test") for sample in finished.data.index_of("test")]
    assert read_tag(finished.data).tolist() == [float(one) for one in has]


def test_only_runs_on_a_shortcut_have_the_numbers() -> None:
    _, measure, number = measure_of("shortcut_pull:pull")
    measure.check_number(number, spec(dataset=WITH_TAG))
    with pytest.raises(UsageError, match=r'number \(pulls of artifacts\) "pull"'):
        measure.check_number(number, spec(dataset="drive"))
    assert parse(WITH_TAG).name == "shortcut"
