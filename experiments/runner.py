"""One run, from its spec to its published record, in this process."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from safetensors.torch import load_file, save_file

from datamodules.batching import Share
from datamodules.lightning import ImageDataModule
from experiments.compilation import compiling
from experiments.determinism import deterministic
from experiments.distributed import check_same_weights, group, synchronized, trainer_settings
from experiments.environment import environment
from experiments.evaluation import PREDICTIONS, prediction_table, scores, write_predictions
from experiments.initialized import WEIGHTS, initialized
from experiments.launchers import started_together
from experiments.naming import public_text
from experiments.out_of_memory import memory_explained
from experiments.places import Places
from experiments.progress import Report, silent
from experiments.resolve import ResolvedRun, Resolver
from experiments.restored import BEST, supervised_module
from experiments.store import Attempt, Record, RunStore
from experiments.training import CheckpointFile, EpochEnd, seed_everything
from initializers.contract import Initializer
from initializers.described import description
from initializers.trained import card_of
from lightning_modules.gathering import agreed, everyones, processes, rank
from lightning_modules.self_supervised import SMALLEST_RANK, SelfSupervisedModule
from lightning_modules.self_supervision.method import Method
from lightning_modules.supervised import SupervisedModule
from lightning_modules.trained import TrainedModule
from specs.card import IMAGENET, NORMALIZATIONS, Normalization
from specs.errors import RunError
from specs.expression import parse
from specs.files import awaited_file, file_sha256, replacing, write_json
from specs.recipe import Recipe
from specs.registry import BACKBONES, INITIALIZERS, METHODS
from specs.run import Pretraining, RunSpec

PRECISIONS: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed"}
"""Lightning's names of a recipe's precisions."""


def run(spec: RunSpec, places: Places, *, workers: int = 0, report: Report = silent, devices: int = 1) -> Record:
    """Train, validate and test one spec, unless its record is there already.

    The runs that its initializer requires must be done. In a process that torchrun or SLURM started together with
    others, all must call this, and each is a device.

    Args:
        spec: what to run.
        places: where data and runs are.
        workers: threads of each device that load data; the result does not depend on them.
        report: told when training begins and after each epoch how far it is.
        devices: that share each batch.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    store = RunStore(places.runs)
    resolved = Resolver(places, devices).resolve(spec)
    with group(devices):
        done = agreed(store.record(resolved.key) if rank() == 0 else None)
        if done is not None:
            return done
        attempt = agreed(store.begin(resolved.key) if rank() == 0 else None)
        assert attempt is not None
        return attempt_run(resolved, attempt, places, workers=workers, report=report, devices=devices)


def attempt_run(
    resolved: ResolvedRun,
    attempt: Attempt,
    places: Places,
    *,
    workers: int = 0,
    report: Report = silent,
    devices: int = 1,
) -> Record:
    """Do a resolved run in an attempt's folder and publish it.

    A process that is alone starts others if the run has several devices; those that were started together must be in
    their ``group``, with the same attempt, as ``run`` has it.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    if processes() == devices:
        recipe = resolved.spec.recipe
        with memory_explained(resolved.spec, devices), deterministic(recipe), compiling(recipe):
            record = agreed(_take_part(resolved, attempt, places, workers, report))
    else:
        from experiments.launching import launch

        assert started_together() == 1, "each process would start others"
        launch(resolved, attempt, places, workers, report, devices)
        record = RunStore(places.runs).published(resolved.key)
    assert record is not None
    return record


def _take_part(resolved: ResolvedRun, attempt: Attempt, places: Places, workers: int, report: Report) -> Record | None:
    """This process's part of a run; the first one writes and publishes, and has the record."""
    first = rank() == 0
    spec, store, started = resolved.spec, RunStore(places.runs), time.monotonic()
    torch.set_num_threads(spec.recipe.threads)
    if first:
        write_json(attempt.folder / "spec.json", spec.to_json())
        write_json(attempt.folder / "identity.json", resolved.identity)
    method: Method | None = METHODS.build(spec.recipe.method) if spec.recipe.method else None
    views = 0
    if method:
        method.check_views(spec.recipe.views)
        views = method.views
    # Statistics of a single image are none: batch norm that estimates them by device needs two there.
    share = Share(rank(), processes(), 2 if "devices" in resolved.identity else 1)
    data = ImageDataModule(places.opened(spec.dataset, spec.edition), spec.recipe, spec.seed, workers, views, share)
    backbone, load_report = initialized(spec, places, processes())
    if first:
        write_json(attempt.folder / "load_report.json", load_report.to_json())
    normalization = _normalization(spec)
    seed_everything(spec.seed, "head")
    module: TrainedModule
    if method:
        learner = method.learner(backbone, len(data.index_of("train")))
        module = SelfSupervisedModule(learner, data.task, spec.recipe, normalization, spec.seed)
    else:
        module = supervised_module(backbone, data.task, spec.recipe, normalization)
    check_same_weights(module)
    if spec.recipe.batch_norm == "sync":
        synchronized(module)
    epoch_end = EpochEnd(spec.recipe, spec.seed, attempt.folder, report)
    trainer = lightning_trainer(spec.recipe, epoch_end, attempt.folder)
    checkpoint = epoch_end.resume(store.taken_over(attempt))
    if not epoch_end.finished:
        trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
    if not epoch_end.finished:
        raise RunError(
            f"the training of {spec.initializer} on {spec.dataset} was interrupted; start it again to go on."
        )
    module.load_state_dict(load_file(awaited_file(epoch_end.best)))
    best = epoch_end.rows[epoch_end.best_epoch]
    test_rows = None
    if isinstance(module, SupervisedModule) and spec.stage == "finetune":
        trainer.test(module, data, verbose=False)
        test_rows = module.test_rows()
    everyones(None)  # all have read the best weights, which are about to be moved
    if not first:
        return None
    if test_rows is None:
        with replacing(attempt.folder / WEIGHTS) as temporary:
            tensors = {name: tensor.contiguous() for name, tensor in backbone.weights().items()}
            save_file(tensors, temporary, _description(resolved, normalization))
        found = {f"validation_{'knn' if method else data.task.metric}": best["validation_metric"]}
        if method:
            found |= {name: best[name] for name in ("embedding_std", "embedding_rank")}
        outcome = {"scores": found, "weights_sha256": file_sha256(attempt.folder / WEIGHTS)}
    else:
        table = prediction_table(data.task, data.index_of("test"), test_rows)
        write_predictions(table, attempt.folder / PREDICTIONS)
        found = scores(data.task, table)
        outcome = {"scores": found, "predictions_sha256": file_sha256(attempt.folder / PREDICTIONS)}
    epoch_end.best.rename(attempt.folder / BEST)
    (attempt.folder / "last.ckpt").unlink()
    record = {
        "spec": spec.to_json(),
        "identity": resolved.identity,
        "requires": [run.key for run in resolved.requires],
        "metric": data.task.metric,
        "score": next(iter(found.values())),
        "outcome": outcome,
        "validation": {"loss": best["validation_loss"], "metric": best["validation_metric"]},
        "collapsed": method is not None and (best["embedding_rank"] or math.inf) < SMALLEST_RANK,
        "epochs": len(epoch_end.rows),
        "best_epoch": epoch_end.best_epoch,
        "seconds": round(time.monotonic() - started, 3),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "normalization": {"mean": list(normalization.mean), "std": list(normalization.std)},
        "environment": environment(trainer.strategy.root_device),
    }
    return store.publish(attempt, record)


def _normalization(spec: RunSpec) -> Normalization:
    """The input statistics that the recipe asks for; weights that state none take ImageNet's."""
    if spec.recipe.normalization != "card":
        return NORMALIZATIONS[spec.recipe.normalization]
    initializer: Initializer = INITIALIZERS.build(spec.initializer)
    return initializer.card().normalization or IMAGENET


def _description(resolved: ResolvedRun, normalization: Normalization) -> dict[str, str]:
    """What the weight file of a pretraining says of itself, wherever it is taken; it names no file of the user's."""
    spec = resolved.spec
    method = parse(spec.recipe.method).name if spec.recipe.method else None
    card = card_of(Pretraining(spec.dataset, spec.initializer, None, method))
    seen = tuple(public_text(text) for text in card.training_data)
    card = dataclasses.replace(card, normalization=normalization, training_data=seen)
    return description(card, str(BACKBONES.short(spec.backbone)), resolved.key)


def lightning_trainer(recipe: Recipe, epoch_end: EpochEnd, folder: Path) -> pl.Trainer:
    """Lightning's trainer of a run, with nothing that ``epoch_end`` does already; it writes under ``folder``."""
    settings = trainer_settings()
    plugins = [*settings.pop("plugins", []), CheckpointFile()]
    return pl.Trainer(
        **settings,
        plugins=plugins,
        precision=PRECISIONS[recipe.precision],
        max_epochs=recipe.epochs,
        callbacks=[epoch_end],
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,  # it would run the metrics on two batches before training
        use_distributed_sampler=False,  # the data module shares out its batches itself, without padding
    )
