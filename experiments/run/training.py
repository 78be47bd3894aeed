"""The end of each training epoch, whose steps have a fixed order, and how a killed run goes on from a checkpoint.

Each epoch begins by seeding every random state from the run's seed and the epoch's number, so a run that goes on from
the end of an epoch draws the same numbers as one that never stopped. If several processes train together, the seed also
depends on the rank (except of process 0), so that dropout differs between them; all processes take the same decisions,
and only process 0 writes files.
"""

from __future__ import annotations

import json
import math
import random
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.plugins.io import TorchCheckpointIO
from safetensors.torch import save_file

from datamodules.pipeline.batching import BatchLoader
from experiments.run.progress import Report
from experiments.run.run_log import log_epoch
from lightning_modules.finite import REMEDIES
from lightning_modules.gathering import all_gather_objects, broadcast_object, rank
from specs.errors import RunError
from specs.files import awaited_file, file_sha256, replacing, write_text
from specs.recipe import Recipe
from specs.run import digest


def seed_everything(seed: int, purpose: str) -> int:
    """Seed Python, NumPy and torch for one purpose of a run; returns the derived seed, in [0, 2**32)."""
    derived = int(digest([seed, purpose])[:8], 16)
    random.seed(derived)
    np.random.seed(derived)
    torch.manual_seed(derived)
    return derived


class CheckpointFile(TorchCheckpointIO):
    """Writes a checkpoint directly to the given path.

    Lightning's own class holds a second copy in memory and writes a third to the folder for temporary files, perhaps on
    another disk, where it stays if the process is killed.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write a checkpoint, to which torch adds a CRC-32 of each tensor."""
        with Path(path).open("wb") as file:  # a path that torch opens itself would hide the error of a full disk
            torch.save(checkpoint, file)


class EpochEnd(Checkpoint):
    """Selects the best epoch, steps the schedule, stops early, and writes metrics and checkpoints.

    It is a Lightning ``Checkpoint`` so that Lightning runs it after all other callbacks. How long epochs take is kept
    apart from their metrics, which are the same however often a run is done: ``seconds`` has the time of training and
    validation until the end of each epoch, those of attempts that were taken over included.

    Args:
        recipe: the recipe of the run, which decides how epochs are selected and when training stops early.
        seed: the seed of the run.
        folder: the attempt's folder; ``last.ckpt``, ``best-EPOCH.safetensors`` and ``metrics.jsonl`` go there.
        report: a function that is told the number of finished epochs when training begins and after each epoch.
    """

    def __init__(self, recipe: Recipe, seed: int, folder: Path, report: Report) -> None:
        self.recipe, self.seed, self.folder, self.report = recipe, seed, folder, report
        self.rows: list[dict[str, Any]] = []
        self.best_epoch = -1
        self.best_sha256 = ""
        self.best_score = -math.inf
        self.finished = False
        self.seconds: list[float] = []
        self._began = time.monotonic()

    @property
    def best(self) -> Path:
        """The file with the weights of the best epoch so far."""
        return self.folder / f"best-{self.best_epoch}.safetensors"

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the number of epochs that are finished when training begins or goes on."""
        if trainer.is_global_zero:
            self.report(len(self.rows), self.recipe.epochs)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed every random state for the epoch."""
        seed_everything(self.seed, f"epoch {trainer.current_epoch}" + (f" of process {rank()}" if rank() else ""))
        self._began = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Select the best epoch, step the schedule, decide whether to stop, and write files, the checkpoint last."""
        epoch = trainer.current_epoch
        before = self.seconds[-1] if self.seconds else 0.0
        self.seconds.append(before + time.monotonic() - self._began)
        self._check_weights(trainer, pl_module)
        row = broadcast_object({name: float(value) for name, value in trainer.callback_metrics.items()})
        last = self.recipe.selection == "last"
        selected = row["train_loss" if last else f"validation_{self.recipe.selection}"]
        score = float(epoch) if last else selected if self.recipe.selection == "metric" else -selected
        learning_rate = trainer.optimizers[0].param_groups[0]["lr"]
        defined = {name: value if math.isfinite(value) else None for name, value in row.items()}
        self.rows.append({"epoch": epoch, "step": trainer.global_step, "learning_rate": learning_rate, **defined})
        if score > self.best_score or self.best_epoch < 0:
            self.best_epoch, self.best_score = epoch, score if not math.isnan(score) else -math.inf
            if trainer.is_global_zero:
                with replacing(self.best) as temporary:
                    save_file({name: tensor.contiguous() for name, tensor in pl_module.state_dict().items()}, temporary)
                self.best_sha256 = file_sha256(self.best)
        pl_module.schedule.step(selected)  # type: ignore[union-attr, operator]
        patience = self.recipe.early_stopping
        stop = patience is not None and epoch - self.best_epoch >= patience
        self.finished = stop or epoch + 1 >= self.recipe.epochs
        trainer.should_stop = trainer.should_stop or stop
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.folder / "last.ckpt")  # all processes must call it; this one writes nothing
            return
        self.write_metrics()
        loader = trainer.train_dataloader
        full = trainer.num_training_batches * self.recipe.batch_size
        images = sum(loader.lengths()) if isinstance(loader, BatchLoader) else full
        speed = images / max(time.monotonic() - self._began, 1e-9)
        log_epoch(epoch + 1, self.recipe.epochs, row, learning_rate, speed, pl_module.device)
        with replacing(self.folder / "last.ckpt") as temporary:
            trainer.save_checkpoint(temporary)
        self._remove_superseded()
        self.report(epoch + 1, self.recipe.epochs)

    def _remove_superseded(self) -> None:
        """Remove the weights of earlier best epochs, which the checkpoint no longer needs."""
        for path in self.folder.glob("best-*.safetensors"):
            if path != self.best:
                path.unlink()

    def _check_weights(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Refuse weights that are not finite; those of an epoch's last step may be, although all losses were finite.

        Raises:
            RunError: in every process, if the weights of one are not finite.
        """
        broken = [name for name, tensor in pl_module.state_dict().items() if not bool(tensor.isfinite().all())]
        found = next((names for names in all_gather_objects(broken) if names), None)
        if found:
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            raise RunError(
                f"{len(found)} tensors, such as {found[0]}, are not finite after epoch {trainer.current_epoch}, at the "
                f"learning rate {rate:g}. {REMEDIES}"
            )

    def write_metrics(self) -> None:
        """Write ``metrics.jsonl``: one line per finished epoch, with all steps so far; undefined values are null."""
        write_text(self.folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in self.rows))

    def state_dict(self) -> dict[str, Any]:
        """The state that goes into a checkpoint."""
        kept = ("rows", "best_epoch", "best_sha256", "best_score", "finished", "seconds")
        return {name: getattr(self, name) for name in kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state of a checkpoint; metrics of later epochs are removed."""
        for name, value in state_dict.items():
            setattr(self, name, value)
        if rank() == 0:
            self.write_metrics()

    def resume(self, earlier: Iterable[str]) -> Path | None:
        """Find the checkpoint to go on from and take this callback's state from it; None if there is none.

        A checkpoint is skipped with a printed line if it or its best weights are damaged, and the next one is tried. If
        there is no other, training starts anew and gives the same result later. Only process 0 reads checkpoints; it
        sends the state to the others.

        Args:
            earlier: an iterator over the names of other attempts, which puts the files of each into the folder in turn.

        Raises:
            RunError: if another machine does not see the checkpoint in time.
        """
        state = broadcast_object(self._first_readable(earlier) if rank() == 0 else None)
        if state is None:
            return None
        self.load_state_dict(state)
        if rank() == 0:
            self._remove_superseded()  # the process may have been killed after the checkpoint and before removing them
        return awaited_file(self.folder / "last.ckpt")

    def _first_readable(self, earlier: Iterable[str]) -> dict[str, Any] | None:
        """This callback's state in the first checkpoint that is not damaged; None if there is none."""
        damaged = False
        for name in earlier:
            try:
                state = self._verified()
            except Exception as error:  # torch, zipfile and pickle document no common error for a damaged file
                print(f"the checkpoint of {name} cannot be used ({type(error).__name__}: {error})")
                damaged = True
                continue
            print(f"going on after epoch {state['rows'][-1]['epoch'] + 1}, from the checkpoint of {name}")
            return state
        if damaged:
            print("training starts from the beginning")
        return None

    def _verified(self) -> dict[str, Any]:
        """This callback's state in the folder's checkpoint, after checking the checkpoint and its best weights.

        Raises:
            Exception: of any kind, if the checkpoint or its best weights are damaged or gone.
        """
        last = self.folder / "last.ckpt"
        with zipfile.ZipFile(last) as parts:  # torch does not compare the checksums that it wrote
            if (part := parts.testzip()) is not None:
                raise ValueError(f"the checksum of {part} is not that of its bytes")
        state: dict[str, Any] = torch.load(last, map_location="cpu", weights_only=True)["callbacks"][self.state_key]
        best = self.folder / f"best-{state['best_epoch']}.safetensors"
        if file_sha256(best) != state["best_sha256"]:
            raise ValueError(f"{best.name} is not as it was written")
        return state
