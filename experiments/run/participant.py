"""The part of a run that one process does: it trains, validates and tests its share; process 0 publishes the run."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from safetensors.torch import load_file, save_file

from backbones.networks.contract import Backbone
from datamodules.dataset.splits import Split
from datamodules.pipeline.batching import Share
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.averaging import average, validated
from experiments.run.compilation import compiling
from experiments.run.ddp.distributed import check_same_weights, synchronized, trainer_settings
from experiments.run.determinism import deterministic
from experiments.run.feature_store import FeatureStore
from experiments.run.initialized import initialized
from experiments.run.machine.environment import environment
from experiments.run.machine.memory import peak_memory
from experiments.run.out_of_memory import memory_explained
from experiments.run.outcome import Outcome
from experiments.run.paths import seen_by
from experiments.run.predictions import Rows, prediction_table, scores, write_predictions
from experiments.run.progress import Report
from experiments.run.public_names import public_text
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.solving import solved
from experiments.run.store import BEST, PREDICTIONS, VALIDATION_PREDICTIONS, WEIGHTS, Attempt, Record, RunStore
from experiments.run.training import CheckpointFile, EpochEnd, seed_everything
from initializers.formats.embedded_card import description
from initializers.loading.contract import Initializer
from initializers.loading.trained import card_of
from lightning_modules.classification import ClassificationModule
from lightning_modules.gathering import all_gather_objects, broadcast_object, processes, rank
from lightning_modules.self_supervised import SMALLEST_RANK, SelfSupervisedModule
from lightning_modules.self_supervision.method import Method
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from lightning_modules.trained import TrainedModule
from specs.card import IMAGENET, NORMALIZATIONS, Normalization
from specs.errors import RunError
from specs.expression import parse
from specs.files import awaited_file, file_sha256, replacing, write_json
from specs.plugins import plugins_of
from specs.recipe import Recipe
from specs.registry import ADAPTATIONS, BACKBONES, INITIALIZERS, METHODS
from specs.run import Pretraining, RunSpec

PRECISIONS: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed"}
"""Lightning's names of a recipe's precisions."""


def take_part(resolved: ResolvedRun, attempt: Attempt, resolver: Resolver, workers: int, report: Report) -> Record:
    """Do this process's part of a run, and wait until process 0 has published the run.

    Args:
        resolved: the run to do.
        attempt: the attempt, in whose folder all processes of the run work.
        resolver: the resolver, which opens the run's dataset unless it has done so already.
        workers: the number of threads that load data; 0 loads in this process's main thread.
        report: a function that is told how many epochs are finished.

    Raises:
        MedtransferError: if the run fails; its class tells the kind of the error.
    """
    recipe = resolved.spec.recipe
    with memory_explained(resolved.spec, processes()), deterministic(recipe), compiling(recipe):
        record = broadcast_object(_trained_and_tested(resolved, attempt, resolver, workers, report))
    assert record is not None
    return record


def _trained_and_tested(
    resolved: ResolvedRun, attempt: Attempt, resolver: Resolver, workers: int, report: Report
) -> Record | None:
    """Train, validate and test. Process 0 publishes the run and gets its record; the others get None."""
    first = rank() == 0
    spec, store, started = resolved.spec, RunStore(resolver.paths.runs), time.monotonic()
    torch.set_num_threads(spec.recipe.threads)
    if first:
        _write_identity(resolved, attempt)
    method: Method | None = METHODS.build(spec.recipe.method) if spec.recipe.method else None
    if method:
        method.check_views(spec.recipe.views)
    # Batch norm that estimates statistics on each device by itself needs at least two images there.
    share = Share(rank(), processes(), 2 if "devices" in resolved.identity else 1)
    if ADAPTATIONS.build(spec.recipe.adaptation).solved:
        share = Share()  # every process solves the head from all images, so that all have the same one
    opened, views = seen_by(spec, resolver.opened(spec.dataset, spec.edition)), method.views if method else 0
    data = ImageDataModule(opened, spec.recipe, spec.seed, workers, views, share)
    backbone, load_report = initialized(spec, resolver.paths, resolved.needs.__getitem__)
    if first:
        write_json(attempt.folder / "load_report.json", load_report.to_json())
    normalization = normalization_of(spec)
    module = _module(spec, method, backbone, data, normalization)
    epoch_end = EpochEnd(spec.recipe, spec.seed, attempt.folder, report)
    trainer = lightning_trainer(spec.recipe, epoch_end, attempt.folder)
    if isinstance(module, ClassificationModule) and module.adaptation.solved:
        features = FeatureStore(resolver.paths.cache, resolved, load_report.after, trainer.strategy.root_device)
        outcome = solved(module, data, features, report)
    elif isinstance(module, SupervisedModule) and module.adaptation.averaged:
        average(module, [store.published(key) for key in resolved.identity["members"]])
        told = _tested(trainer, module, data, spec.stage == "finetune")
        outcome = Outcome(told, validated(trainer, module, data), 0, changed=True, trains=False)
    else:
        outcome = _trained(trainer, module, data, epoch_end, store.taken_over(attempt), spec)
    all_gather_objects(None)  # wait until all processes have read the best weights, which are moved below
    if not first:
        return None
    best = outcome.validated
    found = _scored(data, outcome, attempt.folder)
    if not outcome.told:
        kept: Any = module.learner.kept if method else module  # type: ignore[union-attr]
        _write_weights(kept.backbone, attempt.folder / WEIGHTS, _description(resolved, normalization))
    result = attempt.folder / (PREDICTIONS if outcome.told else WEIGHTS)
    _write_best(module, epoch_end, outcome, attempt.folder)
    record = {
        "spec": spec.to_json(),
        "identity": resolved.identity,
        "requires": [run.key for run in resolved.requires],
        "metric": data.task.metric,
        "score": next(iter(found.values())),
        "outcome": {"scores": found, f"{result.stem}_sha256": file_sha256(result)},
        "validation": {"loss": best["validation_loss"], "metric": best["validation_metric"]},
        "collapsed": method is not None and (best["embedding_rank"] or math.inf) < SMALLEST_RANK,
        "epochs": len(epoch_end.rows),
        "best_epoch": max(epoch_end.best_epoch, 0),
        **({"tried": list(outcome.tried)} if outcome.tried else {}),
        "seconds": round(time.monotonic() - started, 3),
        **({"epoch_seconds": [round(one, 3) for one in epoch_end.seconds]} if _timed(epoch_end) else {}),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "trained_parameters": outcome.trained,
        "peak_memory": peak_memory(trainer.strategy.root_device),
        "normalization": {"mean": list(normalization.mean), "std": list(normalization.std)},
        "environment": environment(trainer.strategy.root_device),
        "plugins": [dataclasses.asdict(plugin) for plugin in plugins_of(spec)],
    }
    return store.publish(attempt, record)


def _timed(epoch_end: EpochEnd) -> bool:
    """Whether the end of each epoch is known; an earlier version that began the run did not keep it."""
    return bool(epoch_end.seconds) and len(epoch_end.seconds) == len(epoch_end.rows)


def _scored(data: ImageDataModule, outcome: Outcome, folder: Path) -> dict[str, float | None]:
    """Write the predictions of the splits that were tested, and return the scores: of a pretraining, validation's."""
    if not outcome.told:
        best = outcome.validated
        if "embedding_rank" not in best:
            return {f"validation_{data.task.metric}": best["validation_metric"]}
        return {"validation_knn": best["validation_metric"]} | {
            name: best[name] for name in ("embedding_std", "embedding_rank")
        }
    tables = {split: prediction_table(data.task, data.index_of(split), rows) for split, rows in outcome.told.items()}
    for split, table in tables.items():
        write_predictions(table, folder / (PREDICTIONS if split == "test" else VALIDATION_PREDICTIONS))
    return scores(data.task, tables["test"])


def _trained(
    trainer: pl.Trainer,
    module: TrainedModule,
    data: ImageDataModule,
    epoch_end: EpochEnd,
    earlier: Iterable[str],
    spec: RunSpec,
) -> Outcome:
    """Train a module, or go on from the checkpoint of another attempt, and test its best epoch unless it pretrains.

    Args:
        trainer: the trainer of the run.
        module: the module that is trained.
        data: the data of the run.
        epoch_end: the callback that selects the best epoch.
        earlier: an iterator that puts the checkpoints of other attempts into the folder in turn.
        spec: the spec of the run.

    Raises:
        RunError: if the training is interrupted or fails.
    """
    trained = sum(parameter.numel() for parameter in module.trained_parameters())
    checkpoint = epoch_end.resume(earlier)
    if not epoch_end.finished:
        trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
    if not epoch_end.finished:
        what = f"the training of {spec.initializer} on {spec.dataset}"
        raise RunError(f"{what} was interrupted; start it again to go on.")
    module.load_state_dict(load_file(awaited_file(epoch_end.best)))
    changed, told = False, dict[Split, Rows]()
    if isinstance(module, SupervisedModule):
        changed = module.finish()
        if spec.stage != "pretrain":
            told = _tested(trainer, module, data, spec.stage == "finetune")
    return Outcome(told, epoch_end.rows[epoch_end.best_epoch], trained, changed)


def _write_best(module: TrainedModule, epoch_end: EpochEnd, outcome: Outcome, folder: Path) -> None:
    """Leave the module's last tensors in the run's folder, and none of the files from which a training goes on."""
    if outcome.changed:
        with replacing(folder / BEST) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, temporary)
    if not outcome.trains:
        epoch_end.rows = [{"epoch": 0, "step": 0, "learning_rate": None, **outcome.validated}]
        epoch_end.write_metrics()
        return
    if outcome.changed:
        epoch_end.best.unlink()
    else:
        epoch_end.best.rename(folder / BEST)
    (folder / "last.ckpt").unlink()


def _tested(
    trainer: pl.Trainer, module: SupervisedModule, data: ImageDataModule, thresholds: bool
) -> dict[Split, Rows]:
    """The predictions of the test split and, of a classification whose ``thresholds`` may be asked for, validation's.

    The scores that a trainer logs last are those of the test split.
    """
    told: dict[Split, Rows] = {}
    if thresholds and data.task.kind != "segmentation":
        trainer.test(module, data.validation_as_tested(), verbose=False)
        told["validation"] = module.test_rows()
    trainer.test(module, data, verbose=False)
    return told | {"test": module.test_rows()}


def _module(
    spec: RunSpec, method: Method | None, backbone: Backbone, data: ImageDataModule, normalization: Normalization
) -> TrainedModule:
    """The module that trains the backbone, equal in every process; its random weights depend only on the seed."""
    seed_everything(spec.seed, "head")
    module: TrainedModule
    if method:
        learner = method.learner(backbone, len(data.index_of("train")))
        module = SelfSupervisedModule(learner, data.task, spec.recipe, normalization, spec.seed)
    else:
        module = supervised_module(backbone, data.task, spec.recipe, normalization, data.class_weights)
    check_same_weights(module)
    if isinstance(module, SupervisedModule) and not module.adaptation.solved:
        module.adapt()
    if spec.recipe.batch_norm == "sync":
        synchronized(module)
    return module


def _write_identity(resolved: ResolvedRun, attempt: Attempt) -> None:
    """Write into an attempt's folder which run it is, for commands that show unfinished runs."""
    write_json(attempt.folder / "spec.json", resolved.spec.to_json())
    write_json(attempt.folder / "identity.json", resolved.identity)


def _write_weights(backbone: Backbone, path: Path, description: dict[str, str]) -> None:
    """Write a backbone's tensors as safetensors, with a description in the file's header."""
    with replacing(path) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in backbone.weights().items()}, temporary, description)


def normalization_of(spec: RunSpec) -> Normalization:
    """The input normalization that the recipe asks for; ImageNet's for weights whose card states none."""
    if spec.recipe.normalization != "card":
        return NORMALIZATIONS[spec.recipe.normalization]
    initializer: Initializer = INITIALIZERS.build(spec.initializer)
    return initializer.card().normalization or IMAGENET


def _description(resolved: ResolvedRun, normalization: Normalization) -> dict[str, str]:
    """The description in the header of a pretraining's weight file, without names of the user's files."""
    spec = resolved.spec
    method = parse(spec.recipe.method).name if spec.recipe.method else None
    card = card_of(Pretraining(spec.dataset, spec.initializer, None, method))
    seen = tuple(public_text(text) for text in card.training_data)
    card = dataclasses.replace(card, normalization=normalization, training_data=seen)
    return description(card, str(BACKBONES.short(spec.backbone)), resolved.key)


def lightning_trainer(recipe: Recipe, epoch_end: EpochEnd, folder: Path) -> pl.Trainer:
    """Lightning's trainer of a run, without the parts that ``epoch_end`` takes care of; it writes under ``folder``."""
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
        num_sanity_val_steps=0,  # a sanity check would run the metrics on two batches before training
        use_distributed_sampler=False,  # the data module divides batches among processes itself, without padding
    )
