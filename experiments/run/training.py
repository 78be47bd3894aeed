"""What happens at the end of each training epoch, in one fixed order, and how a run goes on after a kill.

Each epoch begins by seeding every random state from the run's seed and the epoch's number, so a run that goes on
from the end of an epoch draws the same numbers as one that never stopped. Of several processes, each further one seeds
by its own number too, so that none drops out what another does; all decide alike, and the first one alone writes.
"""

from __future__ import annotations

import json
import math
import random
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

from experiments.run.progress import Report
from lightning_modules.finite import REMEDIES
from lightning_modules.gathering import agreed, everyones, rank
from specs.errors import RunError
from specs.files import awaited_file, file_sha256, replacing, write_text
from specs.recipe import Recipe
from specs.run import digest


def seed_everything(seed: int, purpose: str) -> int:
    """Seed Python, NumPy and torch for one purpose of a run; returns the derived seed, below 2**32."""
    derived = int(digest([seed, purpose])[:8], 16)
    random.seed(derived)
    np.random.seed(derived)
    torch.manual_seed(derived)
    return derived


class CheckpointFile(TorchCheckpointIO):
    """Writes a checkpoint to the very path that is given.

    Lightning's own way holds a second copy in memory and writes a third to the folder for temporary files, on another
    disk perhaps, where a killed process leaves it.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write a checkpoint; torch adds a CRC-32 of each tensor."""
        with Path(path).open("wb") as file:  # torch's own opening would tell nothing of a full disk
            torch.save(checkpoint, file)


class EpochEnd(Checkpoint):
    """Selects the best epoch, steps the schedule, stops early, and writes metrics and checkpoints.

    It is a Lightning ``Checkpoint`` so that Lightning runs it after all other callbacks.

    Args:
        recipe: of the run; decides selection and early stopping.
        seed: of the run.
        folder: the attempt's folder; ``last.ckpt``, ``best-EPOCH.safetensors`` and ``metrics.jsonl`` go there.
        report: told how far the training is.
    """

    def __init__(self, recipe: Recipe, seed: int, folder: Path, report: Report) -> None:
        self.recipe, self.seed, self.folder, self.report = recipe, seed, folder, report
        self.rows: list[dict[str, Any]] = []
        self.best_epoch = -1
        self.best_sha256 = ""
        self.best_score = -math.inf
        self.finished = False

    @property
    def best(self) -> Path:
        """The weights of the best epoch so far."""
        return self.folder / f"best-{self.best_epoch}.safetensors"

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say that training begins, or goes on after so many epochs."""
        if trainer.is_global_zero:
            self.report(len(self.rows), self.recipe.epochs)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed the epoch."""
        seed_everything(self.seed, f"epoch {trainer.current_epoch}" + (f" of process {rank()}" if rank() else ""))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do all that an epoch's end asks for; the checkpoint is written last."""
        epoch = trainer.current_epoch
        self._check_weights(trainer, pl_module)
        row = agreed({name: float(value) for name, value in trainer.callback_metrics.items()})
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
            trainer.save_checkpoint(self.folder / "last.ckpt")  # takes part, and writes nothing
            return
        self.write_metrics()
        with replacing(self.folder / "last.ckpt") as temporary:
            trainer.save_checkpoint(temporary)
        self._remove_superseded()
        self.report(epoch + 1, self.recipe.epochs)

    def _remove_superseded(self) -> None:
        """Remove weights that the checkpoint does not need any more."""
        for path in self.folder.glob("best-*.safetensors"):
            if path != self.best:
                path.unlink()

    def _check_weights(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Refuse weights that are not numbers, which a last step may leave without a loss that shows it.

        Raises:
            RunError: in every process, if those of one are not finite.
        """
        broken = [name for name, tensor in pl_module.state_dict().items() if not bool(tensor.isfinite().all())]
        found = next((names for names in everyones(broken) if names), None)
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
        """What goes into a checkpoint."""
        return {name: getattr(self, name) for name in ("rows", "best_epoch", "best_sha256", "best_score", "finished")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint's state; metrics of later epochs are forgotten."""
        for name, value in state_dict.items():
            setattr(self, name, value)
        if rank() == 0:
            self.write_metrics()

    def resume(self, earlier: Iterable[str]) -> Path | None:
        """The checkpoint to go on from, with this callback's state taken from it; None if there is none.

        A checkpoint that is damaged, or whose best weights are, is set aside with a printed line, and the next one is
        tried; without any, training starts anew: the result is the same, only later. Of several processes, the first
        one reads and says.

        Args:
            earlier: puts the files of other attempts into the folder, one attempt at a time, and tells its name.

        Raises:
            RunError: if another machine does not see the checkpoint.
        """
        state = agreed(self._first_readable(earlier) if rank() == 0 else None)
        if state is None:
            return None
        self.load_state_dict(state)
        if rank() == 0:
            self._remove_superseded()  # a kill may have come between the checkpoint and this
        return awaited_file(self.folder / "last.ckpt")

    def _first_readable(self, earlier: Iterable[str]) -> dict[str, Any] | None:
        """This callback's state in the first checkpoint that is as it was written."""
        damaged = False
        for name in earlier:
            try:
                state = self._verified()
            except Exception as error:  # torch, zipfile and pickle document no common error for a damaged file
                print(f"the checkpoint of {name} cannot be used ({type(error).__name__}: {error})")
                damaged = True
                continue
            print(f"going on after epoch {state['rows'][-1]['epoch']}, from the checkpoint of {name}")
            return state
        if damaged:
            print("training starts from the beginning")
        return None

    def _verified(self) -> dict[str, Any]:
        """This callback's state in the folder's checkpoint.

        Raises:
            Exception: of whatever kind, if the checkpoint or its best weights are damaged or gone.
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
