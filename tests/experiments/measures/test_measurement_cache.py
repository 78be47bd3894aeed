"""What is measured of finished runs afterwards: maps of attention and intervals over test patients."""

from __future__ import annotations

import csv
import dataclasses
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.bootstrap import draw_counts, interval_of_mean
from analysis.metrics import auroc
from backbones.networks.contract import Backbone
from experiments.execution.planner import plan
from experiments.measures.attention import attention_of
from experiments.measures.measuring.grad_cam import grad_cam
from experiments.measures.measuring.measurement_cache import evaluated, once
from experiments.measures.measuring.resampling import resampled
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import Record, RunStore
from experiments.tables.build_document import build_document
from experiments.tables.table import Column, Row, Table
from lightning_modules.classification import ClassificationModule
from specs.card import UNIT
from specs.errors import RunError, UsageError
from specs.registry import BACKBONES
from specs.task import Task
from tests.experiments.smoke import paths_in, spec


@pytest.fixture(scope="module")
def chests(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    """A folder with a finished run on drawn chests."""
    folder = tmp_path_factory.mktemp("chests")
    return folder, run(spec(dataset="chestxray14"), paths_in(folder))


def module(expression: str, size: int = 32) -> tuple[ClassificationModule, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    backbone: Backbone = BACKBONES.build(expression)
    made = ClassificationModule(backbone, Task("multilabel", ("a", "b", "c")), recipe_named("phantom/smoke"), UNIT)
    torch.nn.init.normal_(made.head[1].weight, generator=generator)
    return made.eval(), torch.randint(0, 256, (2, 3, size, size), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("expression", ["tiny(width=4)", "resnet50"])
def test_behind_a_pooled_linear_head_the_map_is_the_class_activation_map(expression: str) -> None:
    """Selvaraju et al. 2017, section 3: Grad-CAM generalizes CAM (Zhou et al. 2016), which is exact here."""
    made, images = module(expression, 64)
    classes = torch.tensor([2, 0])
    with torch.no_grad():
        features = made.backbone.features(made.normalize(images))[-1]
        weights = made.head[1].weight[classes]
        cam = (features * weights[:, :, None, None]).sum(1, keepdim=True)
        cam = torch.nn.functional.interpolate(cam, images.shape[2:], mode="bilinear")[:, 0]
        expected = cam - cam.amin(dim=(1, 2), keepdim=True)
    found = grad_cam(made, images, classes)
    scale = expected.numpy().max() / found.max()
    np.testing.assert_allclose(found * scale, expected.numpy(), rtol=1e-3, atol=1e-4 * expected.max().item())
    assert found.min() == 0


def test_a_network_without_feature_maps_is_refused() -> None:
    made, images = module('timm("vit_tiny_patch16_224", image_size=32)')
    with pytest.raises(UsageError, match=r"no module of .* Grad-CAM is for convolutional networks"):
        grad_cam(made, images, torch.tensor([0, 0]))


def test_attention_is_measured_on_every_box_of_the_test_images(chests: tuple[Path, Record]) -> None:
    folder, record = chests
    found = attention_of(record, paths_in(folder))
    (path,) = (folder / "runs" / "phantoms").glob("chestxray14-*/BBox_List_2017.csv")
    boxes = list(csv.reader(path.read_text().splitlines()[1:]))
    assert found["findings"] == len(boxes) > 100
    shares = [float(width) * float(height) / 64**2 for _, _, _, _, width, height in boxes]
    assert found["uniform_in_boxes"] == pytest.approx(np.mean(shares))
    assert 0 < found["in_masks"] < found["in_boxes"] < 1
    assert 0 < found["area"] < 1
    assert attention_of(record, paths_in(folder)) == found


def test_what_was_measured_is_not_measured_again_and_damage_is_refused(chests: tuple[Path, Record]) -> None:
    folder, record = chests
    store, asked = RunStore(folder / "runs"), []

    def count(of: Record) -> int:
        asked.append(of.data["key"])
        return len(asked)

    for _ in range(2):
        assert evaluated("count", 1, [record, record], store, count) == {record.data["key"]: 1}
    assert evaluated("count", 2, [record], store, count) == {record.data["key"]: 2}
    (path,) = (folder / "runs" / "evaluations" / "count-1").iterdir()
    path.write_text("{")
    with pytest.raises(RunError, match=r"is damaged .* Remove it"):
        evaluated("count", 1, [record], store, count)


def test_an_interrupted_measuring_keeps_what_was_measured_and_goes_on(tmp_path: Path) -> None:
    store, asked = RunStore(tmp_path / "runs"), []

    def interrupted(one: int) -> int:
        asked.append(one)
        if asked.count(2) == 1 and one == 2:
            raise KeyboardInterrupt
        return 10 * one

    with pytest.raises(KeyboardInterrupt):
        once("tens", 1, {"a": 1, "b": 2, "c": 3}, store, interrupted)
    assert once("tens", 1, {"a": 1, "b": 2, "c": 3}, store, interrupted) == {"a": 10, "b": 20, "c": 30}
    assert asked == [1, 2, 2, 3]
    assert sorted(path.name for path in (store.root / "evaluations" / "tens-1").iterdir()) == [
        "a.json", "b.json", "c.json",
    ]  # fmt: skip


def test_two_that_measure_the_same_at_once_leave_one_whole_result(tmp_path: Path) -> None:
    store, meet = RunStore(tmp_path / "runs"), threading.Barrier(2)

    def slow(one: int) -> list[int]:
        meet.wait(10)
        return list(range(one))

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(once, "both", 1, {"a": 50_000}, store, slow) for _ in range(2)]
        assert [one.result() for one in found] == [{"a": list(range(50_000))}] * 2
    (path,) = (store.root / "evaluations" / "both-1").iterdir()
    assert json.loads(path.read_text()) == list(range(50_000))


def test_resamples_draw_patients_and_score_as_the_run_was_scored(chests: tuple[Path, Record]) -> None:
    import pyarrow.parquet as pq

    folder, record = chests
    found = resampled(record, paths_in(folder), 100)
    samples = paths_in(folder).opened(spec(dataset="chestxray14").dataset, "phantom").index.test
    counts = draw_counts([sample.patient for sample in samples], 100, 0)
    drawn_of = {(sample.patient, int(count)) for sample, count in zip(samples, counts[0], strict=True)}
    assert len(drawn_of) == len({sample.patient for sample in samples})  # all images of a patient alike
    table = pq.read_table(record.folder / "predictions.parquet")
    classes = [name.removeprefix("target:") for name in table.column_names if name.startswith("target:")]
    targets, scores = (
        np.column_stack([table[f"{kind}:{name}"].to_numpy() for name in classes]) for kind in ("target", "probability")
    )
    drawn = np.repeat(np.arange(len(samples)), counts[7])
    assert found[7] == pytest.approx(np.nanmean(auroc(targets[drawn], scores[drawn])))
    interval = interval_of_mean([found, found])
    assert interval is not None
    assert interval[0] < record.data["score"] < interval[1]
    assert interval_of_mean([]) is None
    assert interval_of_mean([[None, None]]) is None


def test_a_table_of_scores_and_measures_gives_intervals_to_its_scores_only(chests: tuple[Path, Record]) -> None:
    folder, record = chests
    resolved = Resolver(paths_in(folder)).resolve(spec(dataset="chestxray14"))
    column = Column("score", "chestxray14", resolved.spec.recipe)
    table = Table(
        title="Both", question="?", edition="phantom", protocol="smoke", weights="trained here",
        backbone="tiny(width=4)", rows=(Row("random", "random"),), reference="random", pretraining=None, seeds=1,
        columns=(column, dataclasses.replace(column, label="area", measure="attention:area")),
    )  # fmt: skip
    cells = {("random", label): (resolved,) for label in ("score", "area")}
    store, key = RunStore(folder / "runs"), record.data["key"]
    measured = {"attention": {key: {"area": 0.3, "uniform_in_boxes": 0.03, "findings": 165.0}}}
    made = build_document(
        "both", table, cells, plan([resolved], store), store, "reference", measured, {None: {key: [0.4, 0.5, 0.6]}}
    )  # fmt: skip
    assert made.cells["random", "score"].interval == pytest.approx((0.405, 0.595))
    assert (made.cells["random", "area"].values, made.cells["random", "area"].interval) == ((0.3,), None)
    assert made.columns == (("score", "auroc"), ("area", "share"))
    assert [run.key for run in made.runs] == [key]  # once, though two columns show it


def test_predictions_of_other_images_are_refused(chests: tuple[Path, Record]) -> None:
    folder, record = chests
    other = json.loads(json.dumps(record.data))
    other["spec"]["dataset"] = "chexpert"
    with pytest.raises(RunError, match="predictions are of other images"):
        resampled(Record(record.folder, other), paths_in(folder), 100)
