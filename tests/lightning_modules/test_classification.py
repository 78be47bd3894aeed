"""The classification module."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from lightning_modules.classification import ClassificationModule
from specs.card import UNIT
from specs.errors import DataError, RunError, UsageError
from specs.task import Kind, Task
from tests.lightning_modules.contract import Batch, TaskModuleContract, batches, loader, pyramid, recipe, trainer

TASKS: dict[Kind, Task] = {
    "multilabel": Task("multilabel", ("left", "right", "never", "unknown"), ("left", "right", "never")),
    "binary": Task("binary", ("left",)),
    "multiclass": Task("multiclass", ("none", "left", "right", "both")),
}


def build(kind: Kind, **settings: Any) -> ClassificationModule:
    torch.manual_seed(0)
    return ClassificationModule(pyramid(norm=True), TASKS[kind], recipe(**settings), UNIT)


def sample_batch(kind: Kind) -> Batch:
    """Eight images with a bright bar on the left, the right, both or neither side."""
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(0, 60, (8, 1, 16, 16), dtype=torch.uint8, generator=generator)
    numbers = torch.arange(8)
    left, right = numbers % 2 == 1, numbers // 2 % 2 == 1
    image[left, :, :, 2:5] = 250
    image[right, :, 10:, :] = 200
    target = torch.stack([left, right, torch.zeros(8), torch.zeros(8)], dim=1).float()
    target[:, 3] = math.nan
    target[0, 1] = math.nan
    targets = {"multilabel": target, "binary": target[:, :1], "multiclass": numbers % 4}
    return {"image": image, "index": numbers, "target": targets[kind]}


class ClassificationContract(TaskModuleContract):
    """The contract for one kind of classification."""

    kind: Kind

    def module(self, **settings: Any) -> ClassificationModule:
        return build(self.kind, **settings)

    def samples(self) -> Batch:
        return sample_batch(self.kind)


class TestMultilabel(ClassificationContract):
    kind = "multilabel"


class TestMulticlass(ClassificationContract):
    kind = "multiclass"


def predictions(kind: Kind, folder: Path, **settings: Any) -> tuple[ClassificationModule, dict[str, Any]]:
    module = build(kind, **settings)
    torch.nn.init.normal_(module.head.weight)
    shuffled = {name: column[torch.tensor([5, 2, 7, 0, 1, 6, 3, 4])] for name, column in sample_batch(kind).items()}
    cut = batches(shuffled, [3, 3, 2])
    trainer(folder).test(module, loader([*cut, cut[1]]), verbose=False)
    return module.eval(), module.test_rows()


@pytest.mark.parametrize("kind", ["multilabel", "binary", "multiclass"])
def test_each_test_sample_has_one_row_in_order(kind: Kind, tmp_path: Path) -> None:
    _, rows = predictions(kind, tmp_path)
    assert rows["index"].tolist() == list(range(8))
    target = sample_batch(kind)["target"]
    expected = np.eye(4)[target.numpy()] if kind == "multiclass" else target.double().numpy()
    np.testing.assert_array_equal(rows["targets"], expected)
    assert rows["targets"].dtype == rows["probabilities"].dtype == np.float64


def test_probabilities_are_sigmoids_of_the_logits_in_double_precision(tmp_path: Path) -> None:
    module, rows = predictions("multilabel", tmp_path)
    with torch.no_grad():
        logits = module(sample_batch("multilabel")["image"]).double().numpy()
    np.testing.assert_allclose(rows["probabilities"], 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_multiclass_probabilities_sum_to_one(tmp_path: Path) -> None:
    _, rows = predictions("multiclass", tmp_path)
    np.testing.assert_allclose(rows["probabilities"].sum(1), 1, rtol=1e-12)


def test_flipping_at_test_time_averages_the_probabilities_of_image_and_mirror_image(tmp_path: Path) -> None:
    module, rows = predictions("multilabel", tmp_path, test_time_augmentation="flip")
    image = sample_batch("multilabel")["image"]
    with torch.no_grad():
        plain, mirrored = (module(one).double().sigmoid() for one in (image, image.flip(-1)))
    assert not torch.allclose(plain, mirrored, atol=1e-3)
    np.testing.assert_allclose(rows["probabilities"], (plain + mirrored).numpy() / 2, rtol=1e-5)


def test_the_validation_metric_is_the_mean_auroc_of_the_scored_classes_that_have_one(tmp_path: Path) -> None:
    module, rows = predictions("multilabel", tmp_path)
    found = trainer(tmp_path).validate(module, loader([sample_batch("multilabel")]), verbose=False)[0]
    truth, score = rows["targets"], rows["probabilities"]
    known = ~np.isnan(truth[:, 1])
    expected = (roc_auc_score(truth[:, 0], score[:, 0]) + roc_auc_score(truth[known, 1], score[known, 1])) / 2
    assert found["validation_metric"] == pytest.approx(expected, abs=1e-6)


def test_the_validation_loss_is_the_mean_over_all_labelled_entries_of_the_split(tmp_path: Path) -> None:
    module, rows = predictions("multilabel", tmp_path)
    found = trainer(tmp_path).validate(module, loader(batches(sample_batch("multilabel"), [1, 7])), verbose=False)[0]
    truth, p = rows["targets"], rows["probabilities"]
    entries = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    assert found["validation_loss"] == pytest.approx(np.nanmean(entries), rel=1e-5)


def test_the_validation_metric_is_nan_where_no_class_has_an_auroc(tmp_path: Path) -> None:
    batch = sample_batch("binary") | {"target": torch.ones(8, 1)}
    found = trainer(tmp_path).validate(build("binary"), loader([batch]), verbose=False)[0]
    assert math.isnan(found["validation_metric"]) and math.isfinite(found["validation_loss"])


def test_a_validation_split_without_labels_is_refused(tmp_path: Path) -> None:
    batch = sample_batch("binary") | {"target": torch.full((8, 1), math.nan)}
    with pytest.raises(DataError, match="no image of the validation split has a label"):
        trainer(tmp_path).validate(build("binary"), loader([batch]), verbose=False)


def test_a_test_without_images_is_refused() -> None:
    with pytest.raises(RunError, match="no sample of the test split"):
        build("binary").on_test_epoch_end()


def test_the_head_starts_as_in_the_benchmark() -> None:
    torch.manual_seed(0)
    head = ClassificationModule(pyramid(widths=(8, 512)), Task("multilabel", tuple("abcdef")), recipe(), UNIT).head
    assert not head.bias.any()
    assert float(head.weight.std()) == pytest.approx(0.01, rel=0.05)
    assert float(head.weight.mean()) == pytest.approx(0, abs=1e-3)


def test_dropout_stands_before_the_head_in_training_only() -> None:
    module, image = build("binary", dropout=0.9), sample_batch("binary")["image"]
    torch.nn.init.ones_(module.head.weight)
    module.backbone.eval()
    assert len({float(module(image[:1])) for _ in range(20)}) > 1
    module.eval()
    assert len({float(module(image[:1])) for _ in range(20)}) == 1


def test_a_segmentation_task_is_refused() -> None:
    with pytest.raises(UsageError, match="use SegmentationModule"):
        ClassificationModule(pyramid(), Task("segmentation", ("lung",)), recipe(), UNIT)
