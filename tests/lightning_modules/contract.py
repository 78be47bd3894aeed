"""What every task module must do; the tests of each module inherit it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from lightning_modules.task_module import TaskModule
from torch import Tensor, nn
from torch.utils.data import DataLoader

from backbones.contract import Backbone, Stage
from specs.errors import RunError
from specs.recipe import SGD, Adam, Plateau, Recipe

Batch = dict[str, Any]


def build_pyramid(in_channels: int, widths: tuple[int, ...], first_stride: int, norm: bool) -> nn.Sequential:
    """One 3 x 3 convolution per stage; the first has ``first_stride``, the others halve the size."""

    def stage(before: int, width: int, stride: int) -> nn.Sequential:
        layers: list[nn.Module] = [nn.Conv2d(before, width, 3, stride, padding=1)]
        return nn.Sequential(*layers, *([nn.BatchNorm2d(width)] if norm else []), nn.ReLU())

    strides = (first_stride, *(2 for _ in widths[1:]))
    return nn.Sequential(*map(stage, (in_channels, *widths[:-1]), widths, strides))


def pyramid_features(network: nn.Module, x: Tensor) -> list[Tensor]:
    """One feature map per stage."""
    maps = []
    for stage in network.children():
        x = stage(x)
        maps.append(x)
    return maps


def pyramid(
    in_channels: int = 1,
    widths: tuple[int, ...] = (8, 16, 24),
    first_stride: int = 1,
    norm: bool = True,
    decoder: Any = "unet",
) -> Backbone:
    """A tiny backbone whose first stage has the given stride."""
    return Backbone(
        build=partial(build_pyramid, in_channels, widths, first_stride, norm),
        stages=[
            Stage(f"stage{number}", width, first_stride * 2**number, (str(number),))
            for number, width in enumerate(widths)
        ],
        in_channels=in_channels,
        num_features=widths[-1],
        features=pyramid_features,
        pooled=lambda network, x: pyramid_features(network, x)[-1].mean((2, 3)),
        decoder=decoder,
    )


def recipe(**settings: Any) -> Recipe:
    """A recipe of few epochs, with some settings changed."""
    plain: dict[str, Any] = {"image_size": 16, "batch_size": 8, "epochs": 1, "optimizer": Adam(1e-2)}
    return Recipe(**plain | settings)


def trainer(folder: Path, **settings: Any) -> pl.Trainer:
    """A quiet trainer on the CPU."""
    quiet: dict[str, Any] = {
        "accelerator": "cpu",
        "devices": 1,
        "max_epochs": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "use_distributed_sampler": False,
        "default_root_dir": folder,
    }
    return pl.Trainer(**quiet | settings)


def batches(samples: Batch, sizes: Iterable[int]) -> list[Batch]:
    """The samples cut into batches of the given sizes."""
    cut, start = [], 0
    for size in sizes:
        cut.append({name: column[start : start + size] for name, column in samples.items()})
        start += size
    return cut


def loader(cut: list[Batch]) -> DataLoader[Batch]:
    """A loader of ready batches."""
    return DataLoader(cut, batch_size=None)  # type: ignore[arg-type]


class EpochEnd(pl.callbacks.Checkpoint):
    """Seeds each epoch, steps the schedule at its end, and keeps the last checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rates: list[float] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        torch.manual_seed(trainer.current_epoch)
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, TaskModule) and pl_module.schedule is not None
        pl_module.schedule.step(float(trainer.callback_metrics["validation_loss"]))
        trainer.save_checkpoint(self.path)


class TaskModuleContract(ABC):
    """Subclasses build their module and their samples; 8 samples of 16 x 16 pixels."""

    @abstractmethod
    def module(self, **settings: Any) -> TaskModule:
        """A module with random weights and a recipe with the given settings."""

    @abstractmethod
    def samples(self) -> Batch:
        """Learnable samples as one batch."""

    def validate(self, module: TaskModule, folder: Path, cut: list[Batch]) -> dict[str, float]:
        found = trainer(folder).validate(module, loader(cut), verbose=False)
        return {name: float(value) for name, value in found[0].items()}

    def test_it_can_overfit_one_batch(self, tmp_path: Path) -> None:
        module, samples = self.module(epochs=60), self.samples()
        fitted = trainer(tmp_path, max_epochs=60, check_val_every_n_epoch=60)
        fitted.fit(module, loader([samples]), loader([samples]))
        assert fitted.callback_metrics["train_loss"] < 0.1
        assert fitted.callback_metrics["validation_metric"] > 0.95

    def test_each_epoch_logs_two_losses_and_one_metric_and_nothing_else(self, tmp_path: Path) -> None:
        fitted = trainer(tmp_path)
        fitted.fit(self.module(), loader([self.samples()]), loader([self.samples()]))
        assert set(fitted.callback_metrics) == {"train_loss", "validation_loss", "validation_metric"}

    def test_the_first_training_loss_is_the_loss_of_the_weights_before_the_step(self, tmp_path: Path) -> None:
        module, samples = self.module(), self.samples()
        before = copy.deepcopy(module).train()
        statistics = before.loss.statistics(before(samples["image"]), before.target(samples))
        fitted = trainer(tmp_path)
        fitted.fit(module, loader([samples]), loader([samples]))
        assert float(fitted.callback_metrics["train_loss"]) == pytest.approx(
            float(before.loss.value(statistics.sum(0))), rel=1e-6
        )

    def test_the_validation_result_does_not_depend_on_the_batch_size(self, tmp_path: Path) -> None:
        module = self.module()
        whole = self.validate(module, tmp_path, batches(self.samples(), [8]))
        for sizes in ([1] * 8, [3, 3, 2], [7, 1]):
            assert self.validate(module, tmp_path, batches(self.samples(), sizes)) == pytest.approx(whole, rel=1e-5)

    def test_a_sample_that_comes_twice_counts_once(self, tmp_path: Path) -> None:
        module, cut = self.module(), batches(self.samples(), [3, 3, 2])
        once = self.validate(module, tmp_path, cut)
        assert self.validate(module, tmp_path, [*cut, cut[0]]) == pytest.approx(once, rel=1e-6)

    def test_validation_and_test_change_neither_weights_nor_statistics(self, tmp_path: Path) -> None:
        module = self.module()
        before = copy.deepcopy(module.state_dict())
        self.validate(module, tmp_path, [self.samples()])
        trainer(tmp_path).test(module, loader([self.samples()]), verbose=False)
        after = module.state_dict()
        assert set(after) == set(before)
        assert all(torch.equal(after[name], before[name]) for name in before)

    def test_every_parameter_is_trained(self, tmp_path: Path) -> None:
        module = self.module(optimizer=SGD(0.1, momentum=0.0))
        before = {name: value.detach().clone() for name, value in module.named_parameters()}
        trainer(tmp_path).fit(module, loader([self.samples()]), loader([self.samples()]))
        same = [name for name, value in module.named_parameters() if torch.equal(value, before[name])]
        assert [name for name in same if "conv" not in name and not name.endswith("0.bias")] == []

    def test_a_step_in_bfloat16_keeps_weights_and_loss_in_single_precision(self, tmp_path: Path) -> None:
        module = self.module(precision="bf16")
        losses: list[Tensor] = []
        step: Callable[..., Tensor] = module.training_step
        module.training_step = lambda *batch: losses.append(step(*batch)) or losses[-1]  # type: ignore
        fitted = trainer(tmp_path, precision="bf16-mixed")
        fitted.fit(module, loader([self.samples()]), loader([self.samples()]))
        assert losses[0].dtype == torch.float32 and losses[0].isfinite()
        assert {value.dtype for value in module.parameters()} == {torch.float32}
        exact = self.module()
        trainer(tmp_path).fit(exact, loader([self.samples()]), loader([self.samples()]))
        assert float(fitted.callback_metrics["train_loss"]) == pytest.approx(
            float(exact.trainer.callback_metrics["train_loss"]), rel=0.05
        )

    def test_a_training_that_diverges_stops_and_names_epoch_step_and_remedy(self, tmp_path: Path) -> None:
        module, cut = self.module(), batches(self.samples(), [2, 2, 2, 2])
        with pytest.raises(RunError, match=r"(?s)nan in epoch 1, step 2 .*Lower the learning rate"):
            trainer(tmp_path, max_epochs=2, callbacks=[_Poison(epoch=1, step=2)]).fit(module, loader(cut), loader(cut))

    def test_a_loss_that_is_not_finite_in_the_last_step_of_an_epoch_is_noticed(self, tmp_path: Path) -> None:
        module, cut = self.module(), batches(self.samples(), [4, 4])
        with pytest.raises(RunError, match="epoch 0, step 1"):
            trainer(tmp_path, limit_val_batches=0, callbacks=[_Poison(epoch=0, step=1)]).fit(
                module, loader(cut), loader(cut)
            )

    def test_an_output_that_is_not_finite_is_never_scored(self, tmp_path: Path) -> None:
        module = self.module()
        with torch.no_grad():
            module.head.bias.fill_(torch.nan)  # type: ignore[union-attr, operator]
        with pytest.raises(RunError, match=r"not finite for 8 of 8 validation images"):
            self.validate(module, tmp_path, [self.samples()])
        with pytest.raises(RunError, match=r"not finite for 8 of 8 test images"):
            trainer(tmp_path).test(module, loader([self.samples()]), verbose=False)

    def test_going_on_from_a_checkpoint_gives_what_an_uninterrupted_run_gives(self, tmp_path: Path) -> None:
        settings: dict[str, Any] = {
            "epochs": 4,
            "dropout": 0.5,
            "schedule": Plateau(factor=0.5, patience=0),
            "optimizer": Adam(0.5),  # too high on purpose, so that the plateau is met
        }
        cut = batches(self.samples(), [4, 4])
        whole, through = self.module(**settings), EpochEnd(tmp_path / "whole.ckpt")
        trainer(tmp_path, max_epochs=4, callbacks=[through]).fit(whole, loader(cut), loader(cut))
        first, second = EpochEnd(tmp_path / "last.ckpt"), EpochEnd(tmp_path / "last.ckpt")
        trainer(tmp_path, max_epochs=2, callbacks=[first]).fit(self.module(**settings), loader(cut), loader(cut))
        resumed = self.module(**settings)
        trainer(tmp_path, max_epochs=4, callbacks=[second]).fit(
            resumed, loader(cut), loader(cut), ckpt_path=tmp_path / "last.ckpt", weights_only=True
        )
        assert len(set(through.rates)) > 1
        assert first.rates + second.rates == through.rates
        assert whole.schedule is not None and resumed.schedule is not None
        assert resumed.schedule.state_dict() == whole.schedule.state_dict()
        expected = whole.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in resumed.state_dict().items())

    def test_rows_before_a_test_are_refused(self) -> None:
        with pytest.raises(RunError, match="has not been tested"):
            self.module().test_rows()  # type: ignore[operator]


class _Poison(pl.Callback):
    """Makes the loss of one step NaN, by the head's bias."""

    def __init__(self, epoch: int, step: int) -> None:
        self.at = epoch, step

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        if (trainer.current_epoch, batch_idx) == self.at:
            pl_module.head.bias.data.fill_(torch.nan)  # type: ignore[union-attr, operator]
