"""The benchmark's protocol as its code carries it out, against what is built here from the recipes.

Every oracle is written from https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1 (engine.py,
dataloader.py, trainer.py, utils.py, models.py) with torchvision, torch and Pillow, not from this project's modules.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from torchvision import transforms

from datamodules.pipeline.crops import ExactCrops, FastCrops
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.prepared.opening import open_dataset
from experiments.run.participant import lightning_trainer, normalization_of
from experiments.run.recipes import recipe_named, recipes_of
from experiments.run.training import EpochEnd
from experiments.studies.benchmark.tasks import columns
from lightning_modules.classification import ClassificationModule
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.expression import parse
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS
from specs.run import RunSpec
from tests.experiments.studies.protocol import carried_out, rates

CLASSIFYING, SEGMENTING = ("dxc14", "dxc5", "txc", "ecc"), ("pxs", "lxs", "vfs")
CODES = (*CLASSIFYING, *SEGMENTING)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PATIENCE = dict.fromkeys(CLASSIFYING, 10) | dict.fromkeys(SEGMENTING, 20)
"""--patience of main_classification.py and main_segmentation.py."""

RATE = dict.fromkeys(CLASSIFYING, 2e-4) | dict.fromkeys(SEGMENTING, 1e-3)
EPOCHS = dict.fromkeys(CLASSIFYING, 1000) | dict.fromkeys(SEGMENTING, 200)


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.manual_seed(0)


def recipe(code: str) -> Recipe:
    return recipe_named(f"benchmark/{code}")


def built(code: str) -> SupervisedModule:
    """The module that a run of the task trains, on a tiny network."""
    (column,) = columns("paper", (code.upper(),))
    made = RunSpec(
        stage="finetune",
        dataset=parse(column.dataset),
        edition="real",
        backbone=parse("tiny(width=4)"),
        initializer=parse("random"),
        recipe=column.recipe,
    )
    dataset = DATASETS.build(column.dataset)
    return supervised_module(BACKBONES.build("tiny(width=4)"), dataset.task, column.recipe, normalization_of(made))


def test_the_paper_has_these_tasks() -> None:
    assert tuple(recipes_of("benchmark")) == CODES
    assert [column.label.lower() for column in columns("paper")] == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_adam_has_every_parameter_in_one_group_and_torchs_other_defaults(code: str) -> None:
    module = built(code)
    optimizer = module.configure_optimizers()
    assert type(optimizer) is torch.optim.Adam
    (group,) = optimizer.param_groups
    assert [id(one) for one in group["params"]] == [id(one) for one in module.parameters()]
    assert all(one.requires_grad for one in group["params"])
    found = {name: group[name] for name in ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")}
    assert found == {
        "lr": RATE[code],
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0,
        "amsgrad": False,
        "maximize": False,
    }


def official_end(scores: list[float], patience: int) -> tuple[int, int]:
    """The epoch whose weights are tested, and how many epochs are trained: a counter that has to exceed the patience.

    The losses count from a million down, so that the first epoch is an improvement.
    """
    best, kept, waited = 1e6, -1, 0
    for epoch, score in enumerate(scores):
        if score < best:
            best, kept, waited = score, epoch, 0
        else:
            waited += 1
        if waited > patience:
            return kept, epoch + 1
    return kept, len(scores)


@pytest.mark.parametrize("code", ["txc", "lxs"])
def test_training_stops_on_the_epoch_after_the_patience_and_the_first_of_equal_losses_is_kept(
    code: str, tmp_path: Path
) -> None:
    patience = PATIENCE[code]
    # Equal losses are no improvement; the loss falls at the last moment, and never again.
    scores = [1.0, *[1.0] * patience, 0.5, *[0.5, *[0.6] * (patience + 3)]]
    kept, trained = official_end(scores, patience)
    assert (kept, trained) == (patience + 1, 2 * patience + 3)
    end = carried_out(recipe(code), scores, tmp_path / "run")
    assert (end.best_epoch, len(end.rows)) == (kept, trained)
    assert end.finished
    found = [row["learning_rate"] for row in end.rows]
    if code == "txc":
        # Halved after the sixth epoch in turn that is no better: after epochs 6 and 17.
        assert found == pytest.approx([2e-4] * 7 + [1e-4] * 11 + [5e-5] * 5)
    else:
        assert found == pytest.approx(rates(recipe(code), trained))


@pytest.mark.parametrize("code", CODES)
def test_every_task_has_its_patience_epochs_and_validation_after_each_pass(code: str, tmp_path: Path) -> None:
    made = recipe(code)
    assert made.early_stopping == PATIENCE[code] + 1
    assert made.interval is None
    end = EpochEnd(made, 0, tmp_path, lambda done, of: None)
    trainer = lightning_trainer(made, end, tmp_path)
    assert (trainer.max_epochs, trainer.min_epochs) == (EPOCHS[code], None)
    assert (trainer.precision, trainer.accumulate_grad_batches) == ("32-true", 1)
    assert (trainer.gradient_clip_val, trainer.val_check_interval, trainer.check_val_every_n_epoch) == (None, 1.0, 1)


@pytest.mark.parametrize(
    ("scores", "kept"),
    [([3.0, 2.0, 4.0], 1), ([2.0, 2.0, 2.0], 0), ([3.0, 2.0, 1.0], 2), ([math.nan, 2.0, math.nan], 1)],
    ids=["smallest", "equal", "last", "undefined"],
)
def test_the_smallest_validation_loss_is_kept_and_no_more_epochs_than_asked_for_are_trained(
    scores: list[float], kept: int, tmp_path: Path
) -> None:
    end = carried_out(dataclasses.replace(recipe("dxc14"), epochs=3), [*scores, 0.0], tmp_path / "run")
    assert (end.best_epoch, len(end.rows), end.finished) == (kept, 3, True)
    assert official_end([score if score == score else math.inf for score in scores], 10) == (kept, 3)


@pytest.mark.parametrize("code", CLASSIFYING)
def test_the_rate_is_halved_after_every_six_epochs_without_a_better_loss(code: str) -> None:
    assert rates(recipe(code), 26) == pytest.approx([2e-4] * 7 + [1e-4] * 6 + [5e-5] * 6 + [2.5e-5] * 6 + [1.25e-5])


def test_an_improvement_of_less_than_a_ten_thousandth_does_not_count_for_the_rate_but_for_the_weights(
    tmp_path: Path,
) -> None:
    """torch's threshold of 1e-4, relative; the code's own comparison has none."""
    scores = [1.0 - 1e-5 * epoch for epoch in range(9)]
    end = carried_out(dataclasses.replace(recipe("dxc14"), epochs=9), scores, tmp_path / "run")
    assert end.best_epoch == 8
    assert [row["learning_rate"] for row in end.rows] == pytest.approx([2e-4] * 7 + [1e-4] * 2)


@pytest.mark.parametrize("code", SEGMENTING)
def test_the_rate_of_segmentation_falls_as_half_a_cosine_over_200_epochs(code: str) -> None:
    expected = [1e-3 / 2 * (1 + math.cos(math.pi * epoch / 200)) for epoch in range(200)]
    assert rates(recipe(code), 200) == pytest.approx(expected)


@pytest.mark.parametrize("code", CLASSIFYING)
def test_the_loss_is_binary_cross_entropy_of_sigmoids_averaged_over_all_labels(code: str) -> None:
    module = built(code)
    classes = len(module.task.classes)
    logits, targets = 3 * torch.randn(6, classes), torch.rand(6, classes)
    expected = torch.nn.BCELoss()(logits.sigmoid(), targets)
    assert module.loss(module.loss_sums(logits, {"target": targets})).item() == pytest.approx(expected.item(), rel=1e-5)


def test_x_rays_have_as_many_outputs_as_the_code_gives_them() -> None:
    assert [len(built(code).task.classes) for code in CLASSIFYING] == [14, 14, 1, 1]


@pytest.mark.parametrize("code", SEGMENTING)
def test_the_loss_of_masks_is_that_of_the_code(code: str) -> None:
    module = built(code)
    logits, mask = 2 * torch.randn(3, 1, 8, 8), (torch.rand(3, 1, 8, 8) < 0.3).float()
    guess = logits.sigmoid()
    dice = 1 - (2 * (mask * guess).sum() + 1) / (mask.sum() + guess.sum() + 1)  # over the whole batch, smoothed by 1
    expected = torch.nn.BCELoss()(guess, mask) if code == "vfs" else dice
    assert module.loss(module.loss_sums(logits, {"mask": mask})).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("code", CODES)
def test_input_is_normalized_as_the_code_does(code: str) -> None:
    """The commands of its README for segmentation leave --normalization out; DRIVE's images are always normalized."""
    image = torch.randint(0, 256, (2, 3, 5, 5), dtype=torch.uint8)
    plain = image.float() / 255
    expected = plain if code in ("pxs", "lxs") else transforms.Normalize(MEAN, STD)(plain)
    assert torch.allclose(built(code).normalize(image), expected, atol=1e-6)


def test_the_head_is_a_linear_layer_drawn_with_a_deviation_of_a_hundredth_and_no_bias() -> None:
    wide, findings = BACKBONES.build("tiny(width=64)"), DATASETS.build("chestxray14").task
    module = supervised_module(wide, findings, recipe("dxc14"), IMAGENET)
    assert isinstance(module, ClassificationModule)
    dropout, linear = module.head
    assert isinstance(linear, torch.nn.Linear)
    assert dropout.p == 0
    assert (linear.bias == 0).all()
    weights = linear.weight.detach().flatten().numpy()
    assert stats.kstest(weights, stats.norm(0, 0.01).cdf).pvalue > 0.01


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Recipe], ImageDataModule]:
    """30 smooth images of 300 x 270 pixels in Shenzhen's layout, read by its own module."""
    root = tmp_path_factory.mktemp("shenzhen")
    folder = root / "ChinaSet_AllFiles" / "CXR_png"
    folder.mkdir(parents=True)
    for number in range(1, 31):
        small = np.random.default_rng(number).integers(0, 256, (40, 36), dtype=np.uint8)
        image = Image.fromarray(small).resize((270, 300), Image.Resampling.BICUBIC)
        image.save(folder / f"CHNCXR_{number:04d}_{number % 2}.png")
    opened = open_dataset(DATASETS.build("shenzhen"), "shenzhen", root, root / "prepared", "drawn here")
    return lambda made: ImageDataModule(opened, made, seed=3)


def pictures(data: ImageDataModule, split: Any) -> list[Image.Image]:
    """The files' own pixels in color, as Pillow reads them."""
    opened = data.opened
    paths = [opened.dataset.files(opened.root, sample)[0] for sample in data.index_of(split)]
    return [Image.open(path).convert("RGB") for path in paths]


def test_validation_takes_the_middle_of_resized_images(radiographs: Callable[[Recipe], ImageDataModule]) -> None:
    data = radiographs(recipe("txc"))
    (batch,) = data.val_dataloader()
    official = transforms.Compose([transforms.Resize((256, 256)), transforms.CenterCrop(224), transforms.PILToTensor()])
    expected = torch.stack([official(one)[:1] for one in pictures(data, "validation")])
    assert torch.equal(batch["image"], expected)


def test_a_test_averages_the_probabilities_of_torchvisions_ten_crops(
    radiographs: Callable[[Recipe], ImageDataModule],
) -> None:
    data, module = radiographs(recipe("txc")), built("txc").eval()
    assert isinstance(module, ClassificationModule)
    (batch,) = data.test_dataloader()
    crops = transforms.Compose([transforms.Resize((256, 256)), transforms.TenCrop(224)])
    to_input = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    with torch.no_grad():
        images = [torch.stack([to_input(crop) for crop in crops(one)]) for one in pictures(data, "test")]
        assert [len(of_image) for of_image in images] == [10] * len(batch["index"])
        features = torch.stack([module.backbone(of_image) for of_image in images])  # (images, crops, features)
        # Logits far apart and around 0, so that the mean of probabilities is not the probability of the mean.
        linear: Any = module.head[1]
        linear.weight.mul_(10 / module.head(features).std())
        linear.bias.sub_(module.head(features).mean())
        logits = module.head(features)[..., 0]
        found = module.tested_rows(batch)["probabilities"]
    expected, of_mean_logits = logits.sigmoid().mean(dim=1).numpy(), logits.mean(dim=1).sigmoid().numpy()
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-4)
    assert np.abs(of_mean_logits - expected).max() > 0.01


def test_training_images_are_cropped_flipped_and_turned_in_this_order_as_torchvision_does(
    radiographs: Callable[[Recipe], ImageDataModule],
) -> None:
    data = radiographs(dataclasses.replace(recipe("txc"), pipeline="exact"))
    loader = data.train_dataloader()
    loader.sampler.set_epoch(2)
    (batch,) = loader
    official = transforms.Compose(
        [
            transforms.RandomResizedCrop(224),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(7),
            transforms.PILToTensor(),
        ]
    )
    crops = ExactCrops(recipe("txc").crop_steps(), 224, 3)
    sources = pictures(data, "train")
    for number, found in zip(batch["index"].tolist(), batch["image"], strict=True):
        torch.manual_seed(crops.sample_seeds(2, np.array([number]))[0])
        assert torch.equal(found, official(sources[number].convert("L")))


def test_the_fast_pipeline_draws_from_the_same_distributions(
    radiographs: Callable[[Recipe], ImageDataModule],
) -> None:
    data = radiographs(recipe("txc"))
    crops = data.train_dataloader().make._augmentation._transform  # type: ignore[attr-defined]
    assert isinstance(crops, FastCrops)
    assert crops.size == 224
    drawn = crops.draw(np.full((2000, 2), 4000), 0, np.arange(2000))
    assert drawn.boxes is not None
    assert drawn.angles is not None
    assert stats.kstest(np.degrees(drawn.angles), stats.uniform(-7, 14).cdf).pvalue > 0.01
    assert stats.binomtest(int(drawn.flips.sum()), 2000, 0.5).pvalue > 0.01
    top, bottom, left, right = drawn.boxes.T
    shares = (bottom - top) * (right - left) / 4000**2
    assert 0.079 < shares.min() < 0.1
    assert 0.9 < shares.max() <= 1
    ratios = np.log((right - left) / (bottom - top))
    assert -math.log(4 / 3) - 1e-3 < ratios.min() < -0.25
    assert 0.25 < ratios.max() < math.log(4 / 3) + 1e-3


@pytest.mark.parametrize(
    ("code", "training", "evaluation"),
    [
        ("dxc14", "source", "256-antialiased"),
        ("dxc5", "source", "256-antialiased"),
        ("txc", "source", "256-antialiased"),
        ("ecc", "576-antialiased", "576-antialiased"),
        ("pxs", "224-nearest", "224-nearest"),
        ("lxs", "224-nearest", "224-nearest"),
        ("vfs", "512-bilinear", "512-bilinear"),
    ],
)
def test_images_are_brought_to_the_codes_sizes_in_its_way(code: str, training: str, evaluation: str) -> None:
    made = recipe(code)
    assert (str(made.training_form), str(made.evaluation_form)) == (training, evaluation)
    ten = "ten_crop" if code in ("dxc14", "dxc5", "txc") else "none"
    assert (made.test_time_augmentation, built(code).recipe.test_time_augmentation) == (ten, ten)
