"""Training as a run does it against a plain PyTorch loop, all-default Lightning and the loader alone.

    python -m benchmarks.train_step [--rounds N] [--threads N] [--json]

Ours is Lightning's trainer as the runner makes it, with its callback, sums and checks, on this machine's GPU if it has
one. The plain loop is written out: the same network, loader, augmentation, optimizer, precision and memory format, the
loss taken to the CPU in each step. All-default Lightning is a first script: ``Trainer(max_epochs=...)`` and a module
that logs its loss; and another one with a metric of torchmetrics beside it. Contenders take turns in one process.

Whole steps are timed, the loading of their batches included: from the first batch's arrival to the last one's in each
epoch. Validation, checkpoints and the trainer's own start are not timed. *Overhead* is the time of a step beyond the
plain loop's, both taken at the lower quartile of all steps, which other programs disturb least. The comparison with the
loader says how many times faster batches come than they are trained on: below 1 the loader would slow down training.
Rows of an option compare with the plain loop under that option, and with ours without it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.classification import BinaryAUROC

from benchmarks.interleaved import ratio, turns
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.determinism import deterministic
from experiments.run.machine.cores import cores
from experiments.run.machine.devices import device_name
from experiments.run.machine.memory import keep_freed_memory
from experiments.run.participant import PRECISIONS, lightning_trainer
from experiments.run.paths import Paths
from experiments.run.progress import silent
from experiments.run.training import EpochEnd
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.expression import parse
from specs.recipe import Recipe
from specs.recipe_parts import Adam, HorizontalFlip, Rotate
from specs.registry import BACKBONES

DATASET = parse('medmnist("pneumoniamnist")')

OVERHEAD = 0.6
"""The largest share of all-default Lightning's overhead that issue 8 of this project allows."""


class Case(NamedTuple):
    """The network and recipe that are trained.

    Attributes:
        name: the name of the rows in the printed table.
        backbone: the backbone as an expression.
        changes: the settings of the recipe that differ from its defaults.
        epochs: the number of epochs that are timed in each round.
        options: further settings of the recipe by name, each measured beside the recipe without it.
    """

    name: str
    backbone: str
    changes: dict[str, Any]
    epochs: int
    options: dict[str, dict[str, Any]]


DETERMINISTIC: dict[str, dict[str, Any]] = {"deterministic": {"deterministic": True}}
FORMATS: dict[str, dict[str, Any]] = {
    "channels last": {"memory_format": "channels_last"},
    "bf16": {"precision": "bf16"},
    "bf16, channels last": {"precision": "bf16", "memory_format": "channels_last"},
}
COMPILED: dict[str, dict[str, Any]] = {
    "bf16, channels last, compiled": FORMATS["bf16, channels last"] | {"compiled": True}
}

TINY = Case("tiny, 28 pixels", "tiny(width=4)", {"image_size": 28, "batch_size": 4}, 2, DETERMINISTIC)
LARGE = {
    "cpu": Case("resnet18, 64 pixels", "resnet18", {"image_size": 64, "batch_size": 32}, 1, FORMATS | DETERMINISTIC),
    "cuda": Case(
        "resnet50, 224 pixels",
        "resnet50",
        {"image_size": 224, "batch_size": 32},
        10,
        FORMATS | COMPILED | DETERMINISTIC,
    ),
}
"""The larger case by device; compiling is left out on a CPU, where it takes longer than it saves."""


def main() -> None:
    """Measure all contenders, and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the tiny network (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads that load (default: %(default)s, as in runs)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    large = LARGE["cuda" if torch.cuda.is_available() else "cpu"]
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        comparisons = measure(Path(folder), options.rounds, TINY, large, options.threads)
    print(json.dumps(comparisons, indent=1) if options.json else _words(comparisons))


def measure(folder: Path, rounds: int, tiny: Case, large: Case, threads: int = 0) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        folder: the folder for data and for files that trainers write.
        rounds: the number of rounds of the tiny network, in each of which all contenders take their turns; the other
            one has a fifth as many, and at least one.
        tiny: the case that overheads are measured on too.
        large: the case that is compared with the plain loop and the loader.
        threads: the number of threads that load batches.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    machine = f"{device_name(device)}, {cores()} cores, torch threads: {torch.get_num_threads()}"
    comparisons: list[dict[str, Any]] = []
    for case in (tiny, large):
        every: dict[str, dict[str, Any]] = {"": {}} | case.options
        benches = {name: Bench(case, more, folder, device, threads) for name, more in every.items()}
        first = benches[""]
        contenders: dict[str, Callable[[], list[float]]] = {"loader": first.loader}
        for name, bench in benches.items():
            contenders |= {f"ours {name}": bench.ours, f"plain {name}": bench.plain}
        if case is tiny:
            contenders |= {"default": first.default, "metric": partial(first.default, BinaryAUROC())}
        steps = turns(contenders, rounds if case is tiny else max(rounds // 5, 1))
        speeds = {name: [first.images / sum(seconds) for seconds in each] for name, each in steps.items()}
        middle = {name: statistics.median(each) for name, each in speeds.items()}
        pairs = [("plain loop", "ours ", "plain "), ("loader alone (ours) against training", "loader", "ours ")]
        for name in case.options:
            pairs += [(f"{name}: plain loop", f"ours {name}", f"plain {name}")]
            pairs += [(f"{name}: without", f"ours {name}", "ours ")]
        comparisons += [
            _row(f"{case.name}: {name}", middle[ours_name], middle[peer], ratio(speeds, ours_name, peer))
            | {"machine": machine}
            for name, ours_name, peer in pairs
        ]
        if case is tiny:
            beyond = {name: _typical(each) - _typical(steps["plain "]) for name, each in steps.items()}
            for peer, name in (("default", "default Lightning's overhead"), ("metric", "the same with a metric")):
                ours, theirs = beyond["ours "], beyond[peer]
                row = _row(f"{case.name}: {name}", ours, theirs, ours / theirs, "us a step", OVERHEAD)
                comparisons.append(row | {"machine": machine})
    return comparisons


def _row(
    name: str, ours: float, peer: float, quotient: float, unit: str = "images/s", target: float | None = None
) -> dict[str, Any]:
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "ratio": quotient, "target": target}


def _typical(rounds: list[list[float]]) -> float:
    """The lower quartile of the times of all steps, in microseconds."""
    return 1e6 * statistics.quantiles([step for steps in rounds for step in steps], n=4)[0]


class Bench:
    """The contenders, each of which trains a new network and returns the seconds of each step.

    Args:
        case: the network, data and recipe that are trained.
        option: further settings of the recipe.
        folder: the folder for data and for files that trainers write.
        device: the device that trains.
        threads: the number of threads that load batches.

    Attributes:
        last: the number of an epoch's last batch, whose step is not timed.
        images: the number of images in the steps that are timed in each turn.
    """

    def __init__(self, case: Case, option: dict[str, Any], folder: Path, device: torch.device, threads: int) -> None:
        self.folder, self.device = folder, device
        recipe = Recipe(
            epochs=case.epochs,
            optimizer=Adam(1e-3),
            augmentation=(HorizontalFlip(), Rotate(7)),
            **case.changes,
            **option,
        )
        self.backbone, self.recipe = case.backbone, recipe
        opened = Paths(folder / "data", folder / "runs", folder / "prepared").opened(DATASET, "phantom")
        self.data = ImageDataModule(opened, recipe, 0, threads)
        lengths = self.data.train_dataloader().lengths()[:-1]
        self.last, self.images = len(lengths), sum(lengths) * recipe.epochs

    def ours(self) -> list[float]:
        """Train as a run does."""
        clock = self._clock()

        class Timed(EpochEnd):
            def on_train_batch_start(self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
                clock.tick(batch_idx)

        with tempfile.TemporaryDirectory(dir=self.folder) as folder, _quiet(), deterministic(self.recipe):
            epoch_end = Timed(self.recipe, 0, Path(folder), silent)
            lightning_trainer(self.recipe, epoch_end, Path(folder)).fit(self._module(), self.data)
        return clock.steps

    def plain(self) -> list[float]:
        """Train by a plain PyTorch loop."""
        clock, module = self._clock(), self._module().to(self.device).train()
        optimizer = torch.optim.Adam(module.parameters(), lr=self.recipe.optimizer.learning_rate)
        if self.recipe.compiled:
            module.compile()
        loader, total = self.data.train_dataloader(), 0.0
        with deterministic(self.recipe):
            for epoch in range(self.recipe.epochs):
                loader.sampler.set_epoch(epoch)
                for number, batch in enumerate(loader):
                    clock.tick(number)
                    image, target = batch["image"].to(self.device), batch["target"].to(self.device)
                    with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
                        loss = F.binary_cross_entropy_with_logits(module(image).float(), target)
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
                    total += loss.item()
        return clock.steps

    def default(self, metric: Metric | None = None) -> list[float]:
        """Train by Lightning with all its defaults."""
        clock = self._clock()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder, _quiet():
            trainer = pl.Trainer(
                max_epochs=self.recipe.epochs,
                precision=PRECISIONS[self.recipe.precision],
                default_root_dir=folder,
                devices=1,
            )
            trainer.fit(_FirstScript(self._module(), self.recipe, clock, metric), self.data)
        return clock.steps

    def loader(self) -> list[float]:
        """Load the batches on the CPU without training."""
        clock, loader = self._clock(), self.data.train_dataloader()
        for epoch in range(self.recipe.epochs):
            loader.sampler.set_epoch(epoch)
            for number, _ in enumerate(loader):
                clock.tick(number)
        return clock.steps

    def _clock(self) -> _Clock:
        return _Clock(self.device, self.last)

    def _module(self) -> SupervisedModule:
        """A module with a new network, which normalizes its images."""
        torch.manual_seed(0)
        return supervised_module(BACKBONES.build(self.backbone), self.data.task, self.recipe, IMAGENET)


class _Clock:
    """A clock that records the time from each batch to the next; the device's work is awaited at the end of an epoch.

    Args:
        device: the device whose work is timed.
        last: the number of an epoch's last batch.

    Attributes:
        steps: the seconds of each step.
    """

    def __init__(self, device: torch.device, last: int) -> None:
        self.device, self.last, self.steps, self._before = device, last, list[float](), 0.0

    def tick(self, batch: int) -> None:
        """Record the arrival of a batch."""
        if self.device.type == "cuda" and batch in (0, self.last):
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        if batch:
            self.steps.append(now - self._before)
        self._before = now


class _FirstScript(pl.LightningModule):
    """The module that a user of Lightning would write first."""

    def __init__(self, network: nn.Module, recipe: Recipe, clock: _Clock, metric: Metric | None) -> None:
        super().__init__()
        self.network, self.rate, self.clock, self.metric = network, recipe.optimizer.learning_rate, clock, metric

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        self.clock.tick(batch_idx)

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        logits = self.network(batch["image"])
        loss = F.binary_cross_entropy_with_logits(logits.float(), batch["target"])
        self.log("train_loss", loss, prog_bar=True)
        if self.metric is not None:
            self.metric(logits.sigmoid(), batch["target"].long())
            self.log("train_auroc", self.metric)
        return loss

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        logits = self.network(batch["image"])
        self.log("validation_loss", F.binary_cross_entropy_with_logits(logits.float(), batch["target"]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.rate)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress what Lightning prints and warns of; the progress bar is drawn nevertheless."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _words(comparisons: list[dict[str, Any]]) -> str:
    """The comparisons as a table of text."""
    lines = [f"training; {comparisons[0]['machine']}, {time.strftime('%Y-%m-%d')}", ""]
    lines += [f"{'':52}{'ours':>10}{'peer':>10}{'ratio':>8}{'at most':>9}  unit"]
    for row in comparisons:
        most = "" if row["target"] is None else f"{row['target']:.1f}"
        lines.append(
            f"{row['name']:52}{row['ours']:10.1f}{row['peer']:10.1f}{row['ratio']:8.2f}{most:>9}  {row['unit']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
