"""What happens at the end of each training epoch, in one fixed order, and how a run goes on after a kill.

Each epoch begins by seeding every random state from the run's seed and the epoch's number, so a run that goes on
from the end of an epoch draws the same numbers as one that never stopped. Of several processes, each further one seeds
by its own number too, so that none drops out what another does; all decide alike, and the first one alone writes.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from safetensors.torch import load_file, save_file

from experiments.progress import Report
from lightning_modules.gathering import agreed, rank
from specs.files import replacing, write_text
from specs.recipe import Recipe
from specs.run import digest


def seed_everything(seed: int, purpose: str) -> int:
    """Seed Python, NumPy and torch for one purpose of a run; returns the derived seed, below 2**32."""
    derived = int(digest([seed, purpose])[:8], 16)
    random.seed(derived)
    np.random.seed(derived)
    torch.manual_seed(derived)
    return derived


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
        for path in self.folder.glob("best-*.safetensors"):
            if path != self.best:
                path.unlink()
        self.report(epoch + 1, self.recipe.epochs)

    def write_metrics(self) -> None:
        """Write ``metrics.jsonl``: one line per finished epoch, with all steps so far; undefined values are null."""
        write_text(self.folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in self.rows))

    def state_dict(self) -> dict[str, Any]:
        """What goes into a checkpoint."""
        return {name: getattr(self, name) for name in ("rows", "best_epoch", "best_score", "finished")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint's state; metrics of later epochs are forgotten."""
        for name, value in state_dict.items():
            setattr(self, name, value)
        if rank() == 0:
            self.write_metrics()

    def resume(self) -> Path | None:
        """The checkpoint to go on from, with this callback's state taken from it; None if there is none or it is cut.

        A checkpoint that cannot be read, or whose best weights are gone, is set aside with a printed line, and
        training starts anew: the result is the same, only later. Of several processes, the first one reads and says.
        """
        last = self.folder / "last.ckpt"
        state = agreed(self._readable(last) if rank() == 0 else None)
        if state is None:
            return None
        self.load_state_dict(state)
        return last

    def _readable(self, last: Path) -> dict[str, Any] | None:
        """This callback's state in a checkpoint that can be gone on from."""
        if not last.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(last, map_location="cpu", weights_only=True)["callbacks"][self.state_key]
            best = self.folder / f"best-{state['best_epoch']}.safetensors"
            load_file(best)
        except Exception as error:  # torch and safetensors document no common error for a damaged file
            print(f"{last.name} cannot be used ({type(error).__name__}: {error}); training starts from the beginning")
            last.unlink()
            return None
        print(
            f"going on after epoch {state['rows'][-1]['epoch']}, from the checkpoint of an attempt that did not finish"
        )
        return state
