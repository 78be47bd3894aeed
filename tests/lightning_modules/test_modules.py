"""The modules: what they compute, what they leave alone, what they refuse."""

from __future__ import annotations

import copy
import itertools
import math
from typing import Any, Literal

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
import torchvision
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score
from torch.utils.data import DataLoader

from lightning_modules.classification import ClassificationModule, ten_crops
from lightning_modules.normalization import InputNormalization
from lightning_modules.scoring import torchmetrics_areas
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.supervised import SupervisedModule
from specs.card import IMAGENET, UNIT, Normalization
from specs.errors import RunError, UsageError
from specs.recipe import Recipe
from specs.recipe_parts import SGD, Adam, Lars, Optimizer
from specs.registry import BACKBONES
from specs.task import IGNORED, Task

FINDINGS = Task("multilabel", ("a", "b", "c"), scored=("a", "b"))
GRADES = Task("multiclass", ("x", "y", "z"))
VESSEL = Task("segmentation", ("vessel",))
ORGANS = Task("segmentation", ("kidney", "tumour"))


def shown(task: Task) -> str:
    return f"{task.kind} of {len(task.classes)}"


def recipe(**changes: Any) -> Recipe:
    return Recipe(**({"image_size": 16, "batch_size": 8, "epochs": 1, "optimizer": Adam(1e-2)} | changes))


def module(task: Task, backbone: str = "tiny(width=4)", **changes: Any) -> SupervisedModule:
    torch.manual_seed(0)
    kind = SegmentationModule if task.kind == "segmentation" else ClassificationModule
    return kind(BACKBONES.build(backbone), task, recipe(**changes), UNIT)


def batch(task: Task, size: int = 8, start: int = 0) -> dict[str, Any]:
    generator = np.random.default_rng(start)
    image = torch.from_numpy(generator.integers(0, 256, (size, 1, 16, 16), dtype=np.uint8))
    made: dict[str, Any] = {"image": image, "index": torch.arange(start, start + size)}
    if task.kind == "segmentation":
        mask = sum((image > cut for cut in (150, 200)[: len(task.classes)]), torch.zeros_like(image))
        native = [mask[i, 0].repeat_interleave(2, 0).repeat_interleave(2, 1)[:30, :28] for i in range(size)]
        view = torch.zeros_like(mask)
        view[..., 4:12, 4:12] = 1
        views = [torch.ones_like(n) for n in native]
        return made | {"mask": mask, "field_of_view": view, "native_mask": native, "native_field_of_view": views}
    if task.kind == "multiclass":
        return made | {"target": torch.arange(size) % 3}
    target = torch.from_numpy(generator.integers(0, 2, (size, len(task.classes))).astype(np.float32))
    target[:2] = torch.tensor([[0.0] * len(task.classes), [1.0] * len(task.classes)])
    return made | {"target": target}


def trainer(**settings: Any) -> pl.Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}
    return pl.Trainer(
        **(quiet | {"enable_model_summary": False, "num_sanity_val_steps": 0, "max_epochs": 1} | settings)
    )


def loader(batches: list[dict[str, Any]]) -> DataLoader[Any]:
    return DataLoader(batches, batch_size=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("task", [FINDINGS, GRADES, VESSEL, ORGANS], ids=shown)
def test_a_module_can_learn_one_batch_by_heart(task: Task) -> None:
    learner, data = module(task), batch(task)
    optimizer = learner.configure_optimizers()
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = learner.loss(learner.loss_sums(learner(data["image"]), data))
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]


@pytest.mark.parametrize("task", [FINDINGS, GRADES, VESSEL, ORGANS], ids=shown)
def test_every_parameter_is_trained(task: Task) -> None:
    learner, data = module(task), batch(task)
    learner.loss(learner.loss_sums(learner(data["image"]), data)).backward()
    assert [name for name, parameter in learner.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("task", [FINDINGS, VESSEL, ORGANS], ids=shown)
def test_validation_and_test_change_nothing(task: Task) -> None:
    learner = module(task)
    before = copy.deepcopy(learner.state_dict())
    trainer().validate(learner, loader([batch(task)]), verbose=False)
    trainer().test(learner, loader([batch(task)]), verbose=False)
    assert all(torch.equal(before[name], tensor) for name, tensor in learner.state_dict().items())


@pytest.mark.parametrize("task", [FINDINGS, GRADES, VESSEL, ORGANS], ids=shown)
def test_validation_does_not_depend_on_how_it_is_cut_into_batches(task: Task) -> None:
    parts = [batch(task, 4, start) for start in (0, 4, 8)]
    whole = {name: torch.cat([part[name] for part in parts]) for name in parts[0] if not name.startswith("native")}
    cut = trainer().validate(module(task), loader(parts), verbose=False)[0]
    uncut = trainer().validate(module(task), loader([whole]), verbose=False)[0]
    assert cut == pytest.approx(uncut, rel=1e-5)


def test_a_class_without_positives_or_negatives_is_left_out_of_the_mean() -> None:
    for targets in (np.zeros((4, 1)), np.full((4, 1), np.nan)):
        assert np.isnan(torchmetrics_areas(targets, np.linspace(0, 1, 4)[:, None])).tolist() == [True]
    learner, data = module(FINDINGS), batch(FINDINGS)
    data["target"][:, 0] = 1
    trainer().test(learner, loader([data]), verbose=False)
    rows = learner.test_rows()
    expected = roc_auc_score(rows["targets"][:, 1], rows["probabilities"][:, 1])
    assert learner.validation_metric() == pytest.approx(expected, abs=1e-6)
    learner._rows["targets"][0][:] = 1
    assert math.isnan(learner.validation_metric())


def test_test_rows_are_in_order_and_count_padding_once() -> None:
    learner = module(GRADES)
    batches = [batch(GRADES, 4, 4), batch(GRADES, 4, 0), batch(GRADES, 4, 0)]
    trainer().test(learner, loader(batches), verbose=False)
    rows = learner.test_rows()
    assert rows["index"].tolist() == list(range(8))
    np.testing.assert_allclose(rows["probabilities"].sum(axis=1), 1, atol=1e-12)
    assert rows["targets"].sum(axis=1).tolist() == [1.0] * 8


@pytest.mark.parametrize("task", [FINDINGS, VESSEL], ids=shown)
def test_flip_averages_the_probabilities_of_image_and_mirror_image(task: Task) -> None:
    learner, data = module(task, test_time_augmentation="flip").eval(), batch(task)
    with torch.no_grad():
        rows = learner.tested_rows(data)
        plain, mirrored = learner(data["image"]).sigmoid(), learner(data["image"].flip(-1)).sigmoid()
    if task.kind == "segmentation":
        found = ((plain + mirrored.flip(-1)) / 2 > 0.5).flatten(1).sum(1).numpy()
        assert (rows["network_whole_tp"] + rows["network_whole_fp"]).tolist() == found.tolist()
    else:
        np.testing.assert_allclose(rows["probabilities"], ((plain + mirrored) / 2).numpy(), atol=1e-6)


def test_flip_averages_the_probabilities_of_several_classes_of_pixels() -> None:
    learner, image = module(ORGANS, test_time_augmentation="flip").eval(), batch(ORGANS)["image"]
    with torch.no_grad():
        expected = (learner(image).softmax(dim=1) + learner(image.flip(-1)).softmax(dim=1).flip(-1)) / 2
        torch.testing.assert_close(learner.probabilities(image), expected)  # type: ignore[operator]


@pytest.mark.parametrize("size", [(40, 40), (43, 38)])
def test_ten_crops_are_torchvisions(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    ours = ten_crops(images, 32)
    for number, image in enumerate(images):
        for crop, expected in zip(ours, torchvision.transforms.TenCrop(32)(image), strict=True):
            assert torch.equal(crop[number], expected)


def test_a_ten_crop_test_averages_the_probabilities_of_the_crops() -> None:
    learner = module(GRADES, test_time_augmentation="ten_crop", crop_from=20).eval()
    data = batch(GRADES) | {"image": torch.randint(0, 256, (8, 1, 20, 20), dtype=torch.uint8)}
    with torch.no_grad():
        rows = learner.tested_rows(data)
        crops = torchvision.transforms.TenCrop(learner.recipe.image_size)(data["image"])
        expected = torch.stack([learner(crop).softmax(dim=1) for crop in crops]).mean(dim=0)
    np.testing.assert_allclose(rows["probabilities"], expected.numpy(), atol=1e-6)


def test_segmentation_counts_are_those_of_the_definition() -> None:
    learner, data = module(VESSEL).eval(), batch(VESSEL)
    with torch.no_grad():
        probability = learner(data["image"]).sigmoid()
        rows = learner.tested_rows(data)
    resized = torch.nn.functional.interpolate(probability, (30, 28), mode="bilinear", align_corners=False)
    for number in range(8):
        for size, found, mask in (
            ("network", probability[number, 0] > 0.5, data["mask"][number, 0]),
            ("native", resized[number, 0] > 0.5, data["native_mask"][number]),
        ):
            tp, fp, fn = (rows[f"{size}_whole_{count}"][number] for count in ("tp", "fp", "fn"))
            dice = f1_score(mask.flatten(), found.flatten(), zero_division=1.0)
            assert 2 * tp / max(2 * tp + fp + fn, 1) == pytest.approx(dice)
        assert sum(rows[f"network_fov_{count}"][number] for count in ("tp", "fp", "fn", "tn")) == 64


def test_of_several_classes_each_pixel_is_what_is_likeliest_and_counts_for_each_class() -> None:
    learner, data = module(ORGANS).eval(), batch(ORGANS)
    data["mask"][:, :, :3] = IGNORED
    for mask in data["native_mask"]:
        mask[:6] = IGNORED
    with torch.no_grad():
        probability = learner(data["image"]).softmax(dim=1)
        rows = learner.tested_rows(data)
    assert torch.allclose(probability.sum(dim=1), torch.ones(8, 16, 16))
    resized = torch.nn.functional.interpolate(probability, (30, 28), mode="bilinear", align_corners=False)
    places = (("network", probability, data["mask"][:, 0]), ("native", resized, torch.stack(data["native_mask"])))
    for (number, name), (size, found, mask) in itertools.product(enumerate(ORGANS.classes, 1), places):
        for image in range(8):
            labelled = mask[image] != IGNORED
            truth, said = (mask[image] == number)[labelled], (found[image].argmax(0) == number)[labelled]
            tp, fp, fn, tn = (int(rows[f"{name}:{size}_whole_{count}"][image]) for count in ("tp", "fp", "fn", "tn"))
            assert confusion_matrix(truth, said, labels=[True, False]).tolist() == [[tp, fn], [fp, tn]]


def test_nothing_found_where_nothing_is_has_a_dice_of_one() -> None:
    learner, data = module(VESSEL), batch(VESSEL)
    data["mask"].zero_()
    torch.nn.init.constant_(learner.decoder.head[1].bias, -50.0)  # type: ignore[union-attr, index, arg-type]
    found = trainer().validate(learner, loader([data]), verbose=False)[0]
    assert found["validation_metric"] == 1.0


def test_a_loss_that_is_not_finite_stops_the_run() -> None:
    learner = module(FINDINGS)
    torch.nn.init.constant_(learner.head[1].bias, math.inf)  # type: ignore[union-attr, index, arg-type]
    with pytest.raises(RunError, match=r"epoch 0, step 0.*learning rate"):
        trainer().fit(learner, loader([batch(FINDINGS)]))


@pytest.mark.parametrize("task", [FINDINGS, VESSEL, ORGANS], ids=shown)
def test_bfloat16_trains(task: Task) -> None:
    learner = module(task)
    before = copy.deepcopy(learner.state_dict())
    trainer(precision="bf16-mixed").fit(learner, loader([batch(task)]))
    assert any(not torch.equal(before[name], tensor) for name, tensor in learner.state_dict().items())
    assert all(torch.isfinite(tensor).all() for tensor in learner.state_dict().values())


def test_input_is_normalized_per_channel() -> None:
    image = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    found = InputNormalization(IMAGENET, 3)(image).flatten().tolist()
    assert found == pytest.approx([(0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0.2 - 0.406) / 0.225])


@pytest.mark.parametrize(
    ("normalization", "in_channels", "expected"),
    [
        (UNIT, 3, [1.0] * 3),
        (IMAGENET, 3, [(1 - m) / s for m, s in zip(IMAGENET.mean, IMAGENET.std, strict=True)]),
        (IMAGENET, 1, [(1 - sum(IMAGENET.mean) / 3) / (sum(IMAGENET.std) / 3)]),
        (Normalization((0.5,), (0.25,)), 1, [2.0]),
    ],
)
def test_a_gray_image_is_repeated_over_the_channels(
    normalization: Normalization, in_channels: Literal[1, 3], expected: list[float]
) -> None:
    found = InputNormalization(normalization, in_channels)(torch.full((1, 1, 1, 1), 255, dtype=torch.uint8))
    assert found.flatten().tolist() == pytest.approx(expected)


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_statistics_of_three_colors_serve_other_channels_by_their_means(channels: int) -> None:
    image = torch.arange(channels, dtype=torch.uint8).view(1, channels, 1, 1) * 51
    found = InputNormalization(IMAGENET, channels)(image).flatten().tolist()
    mean, std = (0.485 + 0.456 + 0.406) / 3, (0.229 + 0.224 + 0.225) / 3
    assert found == pytest.approx([(0.2 * number - mean) / std for number in range(channels)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_images_that_are_not_stored_pixels_are_refused(dtype: torch.dtype) -> None:
    image = torch.ones(1, 1, 2, 2, dtype=dtype)
    with pytest.raises(UsageError, match=rf"{dtype}; expected torch.uint8 with pixels in 0..255.*without ToTensor"):
        InputNormalization(UNIT, 1)(image)
    assert torch.equal(image, torch.ones_like(image))


def test_a_color_image_is_not_squeezed_into_one_channel() -> None:
    with pytest.raises(UsageError, match="in_channels=3"):
        InputNormalization(UNIT, 1)(torch.zeros(1, 3, 2, 2, dtype=torch.uint8))


def test_positive_classes_are_scored_by_their_summed_probability() -> None:
    learner = module(Task("multiclass", ("none", "mild", "severe"), positives=("mild", "severe")))
    data = batch(GRADES, 24)
    found = trainer().validate(learner, loader([data]), verbose=False)[0]["validation_metric"]
    with torch.no_grad():
        probability = learner.eval()(data["image"]).softmax(dim=1)[:, 1:].sum(dim=1)
    assert found == pytest.approx(roc_auc_score(data["target"] > 0, probability))


@pytest.mark.parametrize("task", [FINDINGS, VESSEL, ORGANS], ids=shown)
@pytest.mark.parametrize("optimizer", [Adam(1e-2, 0.1), Lars(0.1, weight_decay=0.1)], ids=["adam", "lars"])
def test_training_the_head_alone_leaves_the_backbone_as_it_is_to_the_bit(task: Task, optimizer: Optimizer) -> None:
    learner = module(task, adaptation="head", optimizer=optimizer, dropout=0.2)
    before = copy.deepcopy(learner.state_dict())
    data = loader([batch(task), batch(task, start=8)])
    trainer(max_epochs=3).fit(learner, data, data)
    changed = {name for name, tensor in learner.state_dict().items() if not torch.equal(before[name], tensor)}
    assert any("running_var" in name for name in before if name.startswith("backbone."))
    assert not any(name.startswith("backbone.") for name in changed)
    assert {name for name, _ in learner.named_parameters() if not name.startswith("backbone.")} <= changed
    assert all(parameter.grad is None for parameter in learner.backbone.parameters())


def test_the_backbone_stays_in_evaluation_mode_whatever_mode_the_module_is_put_into() -> None:
    learner = module(FINDINGS, adaptation="head")
    assert learner.training and not learner.backbone.training
    for mode in (True, False, True):
        learner.train(mode)
        assert learner.head.training == mode  # type: ignore[union-attr]
        assert not any(layer.training for layer in learner.backbone.modules())
    assert all(layer.training for layer in module(FINDINGS).modules())


def test_the_head_alone_is_trained_as_a_logistic_regression_on_the_backbones_features() -> None:
    """Where it ends is where the gradient on fixed features vanishes, which scikit-learn finds by other means."""
    learner = module(FINDINGS, adaptation="head", optimizer=SGD(1.0, 0.9, 0.05))
    data = batch(FINDINGS, 64)
    trainer().fit(learner, loader([data] * 500))
    with torch.no_grad():
        features = learner.eval().backbone(learner.normalize(data["image"])).double().numpy()
        found = learner(data["image"]).sigmoid().numpy()
    # The loss is a mean over 64 x 3 labels with 0.05 / 2 |w|^2, and the bias decays too.
    stretched = np.hstack([features, np.ones((64, 1))])
    for number in range(3):
        regression = LogisticRegression(C=1 / (0.05 * 64 * 3), fit_intercept=False, tol=1e-10, max_iter=10_000)
        regression.fit(stretched, data["target"][:, number].numpy())
        np.testing.assert_allclose(found[:, number], regression.predict_proba(stretched)[:, 1], atol=1e-4)
