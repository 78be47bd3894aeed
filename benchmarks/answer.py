"""How long does it take to learn what to start from? `medtransfer compare` against a script that trains the whole grid.

    python -m benchmarks.answer --data-root DIR [--file FILE] [--rows ROW ...] [--dataset EXPR] [--json]

The question is whether ImageNet weights or random ones are better on PneumoniaMNIST with 5 % of its training images.
Ours is the command with its default settings, in a run store of its own. The peer is a first script: every row at every
learning rate, then ten seeds at the rate that did best on the validation images, one training after the other, with
all-default Lightning, PIL images, torchvision's transforms and torchmetrics. Both train the same network with the same
number of epochs, batches, optimizer and augmentation. The time of each run of the peer is appended to the file, and a
later start goes on from there; ours is timed as a whole.

The peer answers by the highest mean, and by Welch's test of the ten scores of each row.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchmetrics.classification import BinaryAUROC

from analysis.statistics import t_test
from benchmarks.journal import append, entries
from experiments.run.initialized import initialized
from experiments.run.machine.cores import cores
from experiments.run.paths import Paths
from experiments.session.context import Context
from experiments.session.question import Question, asked
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.run import RunSpec

DATASET = 'medmnist("pneumoniamnist", fraction=0.05)'
ROWS = ("random", "imagenet")
SEEDS = 10
"""The number of runs of each row at its picked learning rate."""

TARGET = 0.2
"""The largest share of the peer's time that issue 21 of this project allows."""


def main() -> None:
    """Measure both, and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data-root", type=Path, required=True, help="the folder that holds medmnist/pneumoniamnist.npz"
    )
    parser.add_argument("--dataset", default=DATASET, metavar="EXPR", help="(default: %(default)s)")
    parser.add_argument("--rows", nargs="+", default=ROWS, metavar="ROW", help="(default: random imagenet)")
    parser.add_argument("--file", type=Path, default=Path("answer.jsonl"), help="the file that timed runs are kept in")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args()
    known = entries(options.file)
    ours = next((line for line in known if line.get("ours") == options.dataset), None)
    if ours is None:
        ours = {"ours": options.dataset} | compared(options.dataset, options.rows, options.data_root)
        append(options.file, ours)
    peer = grid(options.dataset, options.rows, options.data_root, options.file)
    results = {
        "ours": ours,
        "peer": peer,
        "ratio": ours["seconds"] / peer["seconds"],
        "target": TARGET,
        "machine": f"{cores()} cores",
    }
    print(json.dumps(results, indent=1) if options.json else _words(results))


def compared(dataset: str, rows: Sequence[str], data: Path) -> dict[str, Any]:
    """Time the command as a user types it, in a folder of its own, the preparation of its data included."""
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        command = [sys.executable, "-m", "medtransfer", "compare", dataset, "--from", *rows]
        command += ["--data-root", str(data.resolve()), "--runs", f"{folder}/runs", "--cache", f"{folder}/prepared"]
        command += ["--output", f"{folder}/tables", "--report", f"{folder}/page.html", "--wandb", "disabled"]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        (table,) = Path(folder, "tables").glob("*.json")
        told = json.loads(table.read_text())
    advice = told["parts"]["recommendation"]
    means = {one["row"]: statistics.mean(one["scores"]) for one in advice["decided"]["order"]}
    return {"seconds": seconds, "runs": advice["decided"]["runs"], "means": means, "answer": advice["sentences"][0]}


def grid(dataset: str, rows: Sequence[str], data: Path, file: Path) -> dict[str, Any]:
    """Time the peer, which trains the whole grid, one run after the other.

    Args:
        dataset: a dataset of MedMNIST with two classes, as an expression.
        rows: the initializers to compare, as expressions.
        data: the folder of data, which holds the dataset's file.
        file: the file that the peer's runs are kept in.
    """
    question = Question(dataset=dataset, initializers=tuple(rows))
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        paths = Paths(data, Path(folder, "runs"), Path(folder, "prepared"))
        context = Context(paths=paths)
        resolved = asked(question, context.resolver(), context.say)
        splits = _splits(resolved.opened.index, data / "medmnist" / "pneumoniamnist.npz")
        specs = {row: runs[0] for (row, _), runs in resolved.table.cells().items() if not isinstance(runs, str)}
        known = {(run["row"], run["rate"], run["seed"]): run for run in entries(file) if "row" in run}

        def trained(row: str, rate: float, seed: int) -> dict[str, Any]:
            if (done := known.get((row, rate, seed))) is None:
                done = {"row": row, "rate": rate, "seed": seed} | _trained(specs[row], rate, seed, splits, paths)
                append(file, done)
            return done

        runs: list[dict[str, Any]] = []
        scores: dict[str, list[float]] = {}
        for row in specs:
            tuned = [trained(row, rate, 0) for rate in question.learning_rates]
            best = max(tuned, key=lambda run: run["validation"])["rate"]
            tested = [trained(row, best, seed) for seed in range(1, SEEDS + 1)]
            scores[row] = [run["test"] for run in tested]
            runs += [*tuned, *tested]
    means = {row: statistics.mean(values) for row, values in scores.items()}
    best, *others = sorted(means, key=lambda row: -means[row])
    p_value = t_test(scores[best], scores[others[0]], "welch").p_value
    answer = f"{best} has the highest mean; Welch's test against {others[0]}: p = {p_value}"
    return {"seconds": sum(run["seconds"] for run in runs), "runs": len(runs), "means": means, "answer": answer}


class _Images(Dataset[tuple[Tensor, Tensor]]):
    """The images of a MedMNIST file, as a first script would load them."""

    def __init__(self, images: NDArray[Any], labels: NDArray[Any], transform: Any) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        image = self.transform(Image.fromarray(self.images[number]))
        return image, torch.tensor(self.labels[number], dtype=torch.float32)


def _splits(index: Any, file: Path) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """The images and labels of each split, with those training images that the dataset's fraction keeps."""
    with np.load(file) as arrays:
        arrays_by_split = {
            split: (arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in ("train", "val", "test")
        }
    kept = [int(sample.source.rpartition(":")[2]) for sample in index.train]
    images, labels = arrays_by_split["train"]
    return arrays_by_split | {"train": (images[kept], labels[kept])}


class _FirstScript(pl.LightningModule):
    """The module that a user of Lightning would write first."""

    def __init__(self, network: nn.Module, rate: float, epochs: int) -> None:
        super().__init__()
        self.network, self.rate, self.epochs = network, rate, epochs
        self.auroc = BinaryAUROC()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        image, target = batch
        loss = F.binary_cross_entropy_with_logits(self.network(image), target)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        image, target = batch
        self.auroc(self.network(image).sigmoid(), target.long())
        self.log("val_auroc", self.auroc, on_epoch=True, on_step=False, prog_bar=True)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        image, target = batch
        self.auroc(self.network(image).sigmoid(), target.long())
        self.log("test_auroc", self.auroc, on_epoch=True, on_step=False)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.rate, weight_decay=0.01)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.epochs)]


def _trained(
    spec: RunSpec, rate: float, seed: int, splits: dict[str, tuple[NDArray[Any], NDArray[Any]]], paths: Paths
) -> dict[str, Any]:
    """One run of the peer: its seconds, its best validation score, and its test score at that epoch."""
    from torchvision import transforms

    recipe = spec.recipe
    size = recipe.image_size
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        warnings.simplefilter("ignore")
        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        began = time.perf_counter()
        resize = [transforms.Resize((size, size)), transforms.PILToTensor()]
        augment = [transforms.RandomResizedCrop(size, scale=(0.6, 1.0)), transforms.RandomHorizontalFlip()]
        augment += [transforms.RandomRotation(10), transforms.PILToTensor()]
        loader = partial(DataLoader, batch_size=recipe.batch_size)
        train = loader(_Images(*splits["train"], transforms.Compose(augment)), shuffle=True, drop_last=True)
        validation, test = (loader(_Images(*splits[name], transforms.Compose(resize))) for name in ("val", "test"))
        begun = dataclasses.replace(spec, seed=seed)
        backbone, _ = initialized(begun, paths, lambda need: (_ for _ in ()).throw(ValueError(need)))
        pl.seed_everything(seed)  # the initializer seeds every random state too
        network = supervised_module(backbone, paths.opened(spec.dataset, spec.edition).dataset.task, recipe, IMAGENET)
        script = _FirstScript(network, rate, recipe.epochs)
        best = pl.callbacks.ModelCheckpoint(monitor="val_auroc", mode="max")
        trainer = pl.Trainer(max_epochs=recipe.epochs, callbacks=[best], default_root_dir=folder)
        trainer.fit(script, train, validation)
        (tested,) = trainer.test(script, test, ckpt_path="best", verbose=False)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "validation": float(best.best_model_score or 0), "test": tested["test_auroc"]}


def _words(results: dict[str, Any]) -> str:
    """A table as text: the time, runs and answer of ours and the peer, and the ratio of the times."""
    lines = [f"{'':6}{'seconds':>9}{'runs':>6}  answer"]
    for name in ("ours", "peer"):
        side = results[name]
        means = ", ".join(f"{row} {100 * mean:.2f}" for row, mean in side["means"].items())
        lines.append(f"{name:6}{side['seconds']:9.0f}{side['runs']:6}  {side['answer']} ({means})")
    lines.append(f"ratio {results['ratio']:.3f}, at most {results['target']}; {results['machine']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
