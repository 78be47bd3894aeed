"""The modules under a user's own ``pl.Trainer``, with nothing of ours around it."""

from __future__ import annotations

import copy
import dataclasses
import math
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from sklearn.metrics import f1_score, roc_auc_score
from torch.utils.data import DataLoader

from analysis.scores import score_of
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.prepared.opening import open_dataset
from lightning_modules.self_supervised import SelfSupervisedModule
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from lightning_modules.trained import TrainedModule
from specs.card import UNIT
from specs.errors import UsageError
from specs.expression import parse
from specs.recipe import Recipe
from specs.recipe_parts import Adam, Constant, Cosine, Plateau, Schedule
from specs.registry import BACKBONES, DATASETS, METHODS
from specs.task import Task

FINDINGS = Task("multilabel", ("a", "b", "c"), scored=("a", "c"))
VESSEL = Task("segmentation", ("vessel",))
RECIPE = Recipe(image_size=16, batch_size=16, epochs=4, optimizer=Adam(1e-2))
XRAYS, VESSELS = 'medmnist("pneumoniamnist")', "drive"
COSINE = [(1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(4)]
"""Of four epochs."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ImageDataModule]:
    """A phantom dataset's data module."""
    folder = tmp_path_factory.mktemp("phantoms")

    def made(expression: str, recipe: Recipe = RECIPE, **settings: Any) -> ImageDataModule:
        root = ensure_phantom(parse(expression), folder)
        opened = open_dataset(DATASETS.build(expression), expression, root, folder / "prepared", root.name)
        return ImageDataModule(opened, recipe, 0, **settings)

    return made


def module(task: Task, recipe: Recipe = RECIPE) -> SupervisedModule:
    """A tiny network, the same each time."""
    torch.manual_seed(0)
    return supervised_module(BACKBONES.build("tiny(width=4)"), task, recipe, UNIT)


def quiet(**settings: Any) -> pl.Trainer:
    """A trainer that says and writes nothing."""
    less: dict[str, Any] = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return pl.Trainer(**(less | {"accelerator": "cpu", "max_epochs": 1} | settings))


def samples(task: Task, count: int = 13, start: int = 0) -> list[dict[str, Any]]:
    """Samples one by one; those of a segmentation have what the test split has."""
    generator = np.random.default_rng(start)
    made = []
    for number in range(start, start + count):
        image = torch.from_numpy(generator.integers(0, 256, (1, 16, 16), dtype=np.uint8))
        sample: dict[str, Any] = {"image": image, "index": torch.tensor(number)}
        if task.kind == "segmentation":
            mask = (image > 128).to(torch.uint8)
            sample |= {"mask": mask, "field_of_view": torch.ones_like(mask)}
            sample |= {"native_mask": mask[0], "native_field_of_view": torch.ones_like(mask[0])}
        else:
            sample["target"] = torch.tensor([float((number >> bit) % 2) for bit in range(len(task.classes))])
        made.append(sample)
    return made


def loader(of: list[dict[str, Any]], batch_size: int = 4) -> DataLoader[Any]:
    """Samples in torch's own batches."""
    return DataLoader(of, batch_size=batch_size)  # type: ignore[arg-type]


def without_targets(batches: DataLoader[Any]) -> DataLoader[Any]:
    images = [{"image": batch["image"]} for batch in batches]
    return DataLoader(images, batch_size=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("expression", [XRAYS, VESSELS])
def test_a_plain_trainer_fits_tests_and_predicts(
    expression: str, served: Callable[..., ImageDataModule], tmp_path: Path
) -> None:
    data = served(expression)
    learner = module(data.task)
    before = copy.deepcopy(learner.state_dict())
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(learner, data)
    assert any(not torch.equal(before[name], tensor) for name, tensor in learner.state_dict().items())
    assert {"train_loss", "validation_loss", "validation_metric"} <= set(trainer.callback_metrics)
    (found,) = trainer.test(learner, data, verbose=False)
    assert found == {name: float(value) for name, value in trainer.callback_metrics.items()}
    task, predicted = data.task, torch.cat(trainer.predict(learner, data))  # type: ignore[arg-type]
    score = score_of(task.kind, task.classes, task.scored, task.positives)
    named = score.named(learner.test_rows())
    assert found == {f"test_{name}": value for name, value in named.items() if ":" not in name}
    if task.kind == "segmentation":
        masks = torch.cat([batch["mask"] for batch in data.test_dataloader()]).flatten(1)
        maps = (predicted > 0.5).flatten(1)
        expected = np.mean([f1_score(mask, one, zero_division=1.0) for mask, one in zip(masks, maps, strict=True)])
        assert found["test_dice"] == pytest.approx(expected, abs=1e-12)
    else:
        targets = torch.cat([batch["target"] for batch in data.test_dataloader()])
        assert found == {"test_auroc": pytest.approx(roc_auc_score(targets, predicted), abs=1e-12)}
    assert trainer.test(learner, data, ckpt_path="best", verbose=False) == [found]


def test_of_several_classes_each_is_logged_beside_the_mean_of_the_scored_ones() -> None:
    learner, given = module(FINDINGS), loader(samples(FINDINGS))
    (found,) = quiet().test(learner, given, verbose=False)
    rows = learner.test_rows()
    areas = [roc_auc_score(rows["targets"][:, number], rows["probabilities"][:, number]) for number in range(3)]
    expected = {"test_auroc": (areas[0] + areas[2]) / 2}
    expected |= {f"test_auroc:{name}": area for name, area in zip(FINDINGS.classes, areas, strict=True)}
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("classes", "named"), [(("a",), set()), (("a", "b"), {"test_auroc:a", "test_auroc:b"})])
def test_classes_are_named_as_soon_as_there_are_two(classes: tuple[str, ...], named: set[str]) -> None:
    task = Task("multilabel" if named else "binary", classes)
    (found,) = quiet().test(module(task), loader(samples(task)), verbose=False)
    assert set(found) == {"test_auroc"} | named


def test_a_score_that_is_undefined_is_logged_as_such() -> None:
    learner, given = module(FINDINGS), samples(FINDINGS)
    for sample in given:
        sample["target"][0] = 1.0
    (found,) = quiet().test(learner, loader(given), verbose=False)
    assert math.isnan(found["test_auroc:a"])
    assert found["test_auroc"] == found["test_auroc:c"]


@pytest.mark.parametrize(
    ("task", "augmentation", "size"),
    [
        (FINDINGS, "none", {}),
        (FINDINGS, "flip", {}),
        (FINDINGS, "ten_crop", {"image_size": 12, "crop_from": 16}),
        (VESSEL, "none", {}),
        (VESSEL, "flip", {}),
    ],
)
def test_predictions_need_no_targets_and_are_those_of_the_test(
    task: Task, augmentation: str, size: dict[str, int]
) -> None:
    learner = module(task, dataclasses.replace(RECIPE, test_time_augmentation=augmentation, **size))  # type: ignore[arg-type]
    batches = loader(samples(task))
    predicted = quiet().predict(learner, without_targets(batches))
    assert predicted is not None and [len(part) for part in predicted] == [4, 4, 4, 1]
    whole = torch.cat(predicted)  # type: ignore[arg-type]
    assert whole.is_floating_point()
    quiet().test(learner, batches, verbose=False)
    rows = learner.test_rows()
    if task.kind == "segmentation":
        assert whole.shape == (13, 1, 16, 16)
        assert ((whole > 0.5).flatten(1).sum(1)).tolist() == (
            rows["network_whole_tp"] + rows["network_whole_fp"]
        ).tolist()
    else:
        np.testing.assert_array_equal(whole, rows["probabilities"])


@pytest.mark.parametrize("task", [FINDINGS, VESSEL], ids=lambda task: task.kind)
def test_nothing_of_a_batch_is_changed(task: Task) -> None:
    batches = [next(iter(loader(samples(task, start=start), 13))) for start in (0, 13)]
    before, given = copy.deepcopy(batches), DataLoader(batches, batch_size=None)  # type: ignore[arg-type, var-annotated]
    learner, trainer = module(task), quiet()
    trainer.fit(learner, given, given)
    trainer.test(learner, given, verbose=False)
    trainer.predict(learner, given)
    for one, other in zip(before, batches, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("task", [FINDINGS, VESSEL], ids=lambda task: task.kind)
@pytest.mark.parametrize("step", ["fit", "validate", "test", "predict"])
def test_images_in_0_to_1_are_refused_as_they_came(task: Task, step: str) -> None:
    batch = next(iter(loader(samples(task), 13)))
    batch["image"] = batch["image"].float() / 255
    before = batch["image"].clone()
    with pytest.raises(UsageError, match=r"the images are torch.float32; expected torch.uint8 .*0\.\.255"):
        getattr(quiet(), step)(module(task), DataLoader([batch], batch_size=None))  # type: ignore[arg-type]
    assert torch.equal(batch["image"], before)


class Rates(pl.Callback):
    """Notes the learning rate of each epoch."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == 0:
            self.found.append(trainer.optimizers[0].param_groups[0]["lr"])


def rates(learner: TrainedModule, data: Any, validation: Any = None, **settings: Any) -> list[float]:
    """The learning rates of the epochs, as shares of the recipe's."""
    noted = Rates()
    callbacks = [noted, *settings.pop("callbacks", ())]
    quiet(max_epochs=4, callbacks=callbacks, **settings).fit(learner, data, validation)
    return [rate / 1e-2 for rate in noted.found]


def scheduled(schedule: Schedule, **changes: Any) -> SupervisedModule:
    return module(FINDINGS, dataclasses.replace(RECIPE, schedule=schedule, **changes))


def test_the_recipes_schedule_is_followed_with_and_without_validation() -> None:
    given = loader(samples(FINDINGS))
    assert rates(scheduled(Cosine()), given) == pytest.approx(COSINE)
    assert rates(scheduled(Cosine()), given, given) == pytest.approx(COSINE)
    assert rates(scheduled(Constant()), given) == [1.0] * 4


def test_a_self_supervised_training_follows_it_too(served: Callable[..., ImageDataModule]) -> None:
    recipe = dataclasses.replace(RECIPE, method="simclr_v1", schedule=Cosine(), batch_size=32)
    data = served(XRAYS, recipe, views=2)
    learner = METHODS.build("simclr_v1").learner(BACKBONES.build("tiny(width=4)"), len(data.index_of("train")))
    assert rates(SelfSupervisedModule(learner, data.task, recipe, UNIT, 0), data) == pytest.approx(COSINE)


def test_a_schedule_that_a_callback_steps_is_not_stepped_twice() -> None:
    class Stepping(Checkpoint):
        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            pl_module.schedule.step(0.0)  # type: ignore[union-attr, operator]

    given = loader(samples(FINDINGS))
    assert rates(scheduled(Cosine()), given, given, callbacks=[Stepping()], enable_checkpointing=True) == pytest.approx(
        COSINE
    )


def test_a_plateau_waits_for_the_score_that_the_recipe_selects_by() -> None:
    given, one_sided = loader(samples(FINDINGS)), samples(FINDINGS)
    for sample in one_sided:
        sample["target"][:] = 1.0  # without negatives the metric is undefined, which is never better than before
    falling = [1.0, 0.5, 0.25, 0.125]
    plateau = Plateau(0.5, 0)
    assert rates(scheduled(plateau, selection="metric"), given, loader(one_sided)) == pytest.approx(falling)
    assert rates(scheduled(plateau, selection="loss"), loader(one_sided), loader(one_sided)) == [1.0] * 4
    assert rates(scheduled(plateau, selection="last"), given) == [1.0] * 4
    with pytest.raises(UsageError, match=r"plateau of validation_metric, which was not logged in epoch 0"):
        rates(scheduled(plateau, selection="metric"), given)


@pytest.mark.parametrize("schedule", [Cosine(), Plateau(0.5, 0)], ids=lambda schedule: type(schedule).__name__)
def test_a_training_that_goes_on_from_a_checkpoint_ends_as_one_that_never_stopped(
    schedule: Schedule, tmp_path: Path
) -> None:
    given = loader(samples(FINDINGS))
    whole = scheduled(schedule, selection="metric")
    expected = rates(whole, given, given)
    begun, ended = scheduled(schedule, selection="metric"), scheduled(schedule, selection="metric")
    stopped = quiet(max_epochs=2, enable_checkpointing=True, default_root_dir=tmp_path)
    stopped.fit(begun, given, given)
    trainer = quiet(max_epochs=4, callbacks=[noted := Rates()])
    trainer.fit(ended, given, given, ckpt_path=stopped.checkpoint_callback.best_model_path)  # type: ignore[union-attr]
    assert [rate / 1e-2 for rate in noted.found] == expected[2:]
    assert all(torch.equal(tensor, ended.state_dict()[name]) for name, tensor in whole.state_dict().items())


@pytest.fixture
def deadline() -> Iterator[None]:
    """A minute, after which what waits for another process fails."""

    def over(*_: object) -> None:
        raise TimeoutError("the processes do not end")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("deadline")
@pytest.mark.skipif(torch.cuda.is_available(), reason="a process that may have used CUDA cannot be forked")
@pytest.mark.parametrize("task", [FINDINGS, VESSEL], ids=lambda task: task.kind)
def test_two_processes_log_the_scores_of_all_rows_each_counted_once(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen samples are an odd number, so that Lightning gives one of them to both processes."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a forked process has none of the threads that OpenMP would wait for
    learner, given = module(task), loader(samples(task))
    (expected,) = quiet().test(learner, given, verbose=False)
    (found,) = quiet(devices=2, strategy="ddp_fork").test(learner, given, verbose=False)
    assert found == pytest.approx(expected, rel=1e-6)
    assert len(found) == len(expected) > 3
