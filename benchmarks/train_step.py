"""Training as a run does it against a plain PyTorch loop, all-default Lightning and the loader alone.

    python -m benchmarks.train_step [--rounds N] [--threads N] [--json]

Ours is Lightning's trainer as the runner makes it, with its callback, sums and checks, on this machine's GPU if it has
one. The plain loop is written out: the same network, loader, augmentation, optimizer, precision and memory format, the
loss taken to the CPU in each step. All-default Lightning is a first script: ``Trainer(max_epochs=...)`` and a module
that logs its loss; and another one with a metric of torchmetrics beside it. Contenders take turns in one process.

What is timed is whole steps, the loading of their batches included: from the first batch's arrival to the last one's in
each epoch. Validation, checkpoints and the trainer's own start are not. *Overhead* is the time of a step beyond the
plain loop's, both taken at the lower quartile of all steps, which other programs disturb least. The comparison with the
loader says how many times faster batches come than they are trained on: below 1 the loader would hold the training up.
Rows of an option compare with the plain loop under it, and with ours without it.
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
from experiments.run.places import Places
from experiments.run.progress import silent
from experiments.run.training import EpochEnd
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.expression import parse
from specs.recipe import Recipe
from specs.registry import BACKBONES
from specs.steps import Adam, HorizontalFlip, Rotate

DATASET = parse('medmnist("pneumoniamnist")')

OVERHEAD = 0.6
"""Of all-default Lightning's, at most: what issue 8 of this project asks for."""


class Case(NamedTuple):
    """What is trained.

    Attributes:
        name: of the rows.
        backbone: expression.
        changes: of the recipe.
        epochs: that are timed in each round.
        options: further changes of the recipe, each measured beside none, by name.
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
"""By device; on a CPU compiling takes longer than it saves."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="of the tiny network (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="that load (default: %(default)s, as runs do)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    large = LARGE["cuda" if torch.cuda.is_available() else "cpu"]
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        found = measure(Path(folder), options.rounds, TINY, large, options.threads)
    print(json.dumps(found, indent=1) if options.json else _words(found))


def measure(folder: Path, rounds: int, tiny: Case, large: Case, threads: int = 0) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        folder: for data and what trainers write.
        rounds: of the tiny network, all contenders in turns; of the other a fifth as many, and at least one.
        tiny: on which overheads are measured too.
        large: that is measured against the plain loop and the loader.
        threads: that load.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    machine = f"{device_name(device)}, {cores()} cores, torch threads: {torch.get_num_threads()}"
    found: list[dict[str, Any]] = []
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
        speeds = {name: [first.images / sum(one) for one in each] for name, each in steps.items()}
        middle = {name: statistics.median(each) for name, each in speeds.items()}
        pairs = [("plain loop", "ours ", "plain "), ("loader alone (ours) against training", "loader", "ours ")]
        for name in case.options:
            pairs += [(f"{name}: plain loop", f"ours {name}", f"plain {name}")]
            pairs += [(f"{name}: without", f"ours {name}", "ours ")]
        found += [
            _row(f"{case.name}: {name}", middle[one], middle[peer], ratio(speeds, one, peer)) | {"machine": machine}
            for name, one, peer in pairs
        ]
        if case is tiny:
            beyond = {name: _typical(each) - _typical(steps["plain "]) for name, each in steps.items()}
            for peer, name in (("default", "default Lightning's overhead"), ("metric", "the same with a metric")):
                ours, theirs = beyond["ours "], beyond[peer]
                row = _row(f"{case.name}: {name}", ours, theirs, ours / theirs, "us a step", OVERHEAD)
                found.append(row | {"machine": machine})
    return found


def _row(
    name: str, ours: float, peer: float, quotient: float, unit: str = "images/s", target: float | None = None
) -> dict[str, Any]:
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "ratio": quotient, "target": target}


def _typical(rounds: list[list[float]]) -> float:
    """Microseconds of a step, the lower quartile of all."""
    return 1e6 * statistics.quantiles([step for steps in rounds for step in steps], n=4)[0]


class Bench:
    """Contenders that each train a new network and return the seconds of each of its steps.

    Args:
        case: what is trained.
        option: further changes of its recipe.
        folder: for data and what trainers write.
        device: that trains.
        threads: that load.

    Attributes:
        last: number of an epoch's last batch, whose step is not timed.
        images: in the steps that are timed in each turn.
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
        opened = Places(folder / "data", folder / "runs", folder / "prepared").opened(DATASET, "phantom")
        self.data = ImageDataModule(opened, recipe, 0, threads)
        lengths = self.data.train_dataloader().lengths()[:-1]
        self.last, self.images = len(lengths), sum(lengths) * recipe.epochs

    def ours(self) -> list[float]:
        """As a run trains."""
        clock = self._clock()

        class Timed(EpochEnd):
            def on_train_batch_start(self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
                clock.tick(batch_idx)

        with tempfile.TemporaryDirectory(dir=self.folder) as folder, _quiet(), deterministic(self.recipe):
            epoch_end = Timed(self.recipe, 0, Path(folder), silent)
            lightning_trainer(self.recipe, epoch_end, Path(folder)).fit(self._module(), self.data)
        return clock.steps

    def plain(self) -> list[float]:
        """A loop written out."""
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
        """Lightning with all its defaults."""
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
        """Batches alone, on the CPU."""
        clock, loader = self._clock(), self.data.train_dataloader()
        for epoch in range(self.recipe.epochs):
            loader.sampler.set_epoch(epoch)
            for number, _ in enumerate(loader):
                clock.tick(number)
        return clock.steps

    def _clock(self) -> _Clock:
        return _Clock(self.device, self.last)

    def _module(self) -> SupervisedModule:
        """A new network on normalized images."""
        torch.manual_seed(0)
        return supervised_module(BACKBONES.build(self.backbone), self.data.task, self.recipe, IMAGENET)


class _Clock:
    """Notes what passes from one batch to the next in each epoch; where an epoch ends, the device's work included.

    Args:
        device: that works.
        last: number of an epoch's last batch.

    Attributes:
        steps: seconds of each.
    """

    def __init__(self, device: torch.device, last: int) -> None:
        self.device, self.last, self.steps, self._before = device, last, list[float](), 0.0

    def tick(self, batch: int) -> None:
        """Take notice of a batch that is there."""
        if self.device.type == "cuda" and batch in (0, self.last):
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        if batch:
            self.steps.append(now - self._before)
        self._before = now


class _FirstScript(pl.LightningModule):
    """What a user of Lightning writes first."""

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
    """Without what Lightning prints and warns of; a progress bar is drawn all the same."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _words(found: list[dict[str, Any]]) -> str:
    """As a table of texts."""
    lines = [f"training; {found[0]['machine']}, {time.strftime('%Y-%m-%d')}", ""]
    lines += [f"{'':52}{'ours':>10}{'peer':>10}{'ratio':>8}{'at most':>9}  unit"]
    for one in found:
        most = "" if one["target"] is None else f"{one['target']:.1f}"
        lines.append(
            f"{one['name']:52}{one['ours']:10.1f}{one['peer']:10.1f}{one['ratio']:8.2f}{most:>9}  {one['unit']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
