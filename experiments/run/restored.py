"""Networks of finished runs, as they were tested or before training."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow.parquet as pq
from safetensors import SafetensorError
from safetensors.torch import load_file

from backbones.networks.contract import Backbone
from datamodules.dataset.contract import Dataset
from datamodules.labels.class_folders import ClassFolderDataset
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.initialized import initialized
from experiments.run.machine.threads import threads
from experiments.run.paths import Paths
from experiments.run.resolve import ResolvedRun, Resolver, required_by
from experiments.run.store import AGAIN, BEST, PREDICTIONS, Record
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import Normalization
from specs.errors import RunError
from specs.registry import BACKBONES, DATASETS
from specs.run import Pretraining, RunSpec
from specs.task import Task

ASKED = "target:"
"""The beginning of the names of columns in stored predictions that hold what images show, before the class."""


@dataclass(frozen=True)
class Restored:
    """A finished run's network and the data that it was trained and tested on.

    Attributes:
        spec: the spec of the run.
        module: the trained network, in evaluation mode, on the CPU.
        data: the data module of the run, with the same splits, image sizes and seed.
    """

    spec: RunSpec
    module: SupervisedModule
    data: ImageDataModule


def restore(record: Record, paths: Paths) -> Restored:
    """Load the network of a fine-tuning, with the weights of its best epoch, and open its data.

    Raises:
        RunError: if the weights are not there or are not those of the run.
        DataError: if the data are not there.
    """
    spec = RunSpec.from_json(record.data["spec"])
    data = ImageDataModule(paths.data_of(spec), spec.recipe, spec.seed)
    return Restored(spec, trained_network(record, data.task), data)


def trained_network(record: Record, task: Task | None = None) -> SupervisedModule:
    """Load the network of a fine-tuning, with the weights of its best epoch, without its data.

    Args:
        record: the record of the finished fine-tuning.
        task: the task of the run; None: as far as prediction needs it, from the run's own files.

    Returns:
        The network in evaluation mode, on the CPU.

    Raises:
        RunError: if the weights are not there or are not those of the run.
    """
    spec = RunSpec.from_json(record.data["spec"])
    backbone: Backbone = BACKBONES.build(spec.backbone)
    stated = record.data["normalization"]
    normalization = Normalization(tuple(stated["mean"]), tuple(stated["std"]))
    module = supervised_module(backbone, task or learned_task(record), spec.recipe, normalization)
    path = record.file(BEST)
    try:
        module.load_state_dict(load_file(path))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"{path} cannot be used ({type(error).__name__}: {error}); expected the weights of the run. {AGAIN}"
        ) from error
    return module.eval()


def learned_task(record: Record) -> Task:
    """The task that a fine-tuning has learned, without the files of its dataset.

    The classes of datasets that tell theirs by their files alone are those of the run's stored predictions.

    Raises:
        RunError: if the predictions are not there or damaged.
    """
    dataset: Dataset = DATASETS.build(RunSpec.from_json(record.data["spec"]).dataset)
    if not isinstance(dataset, ClassFolderDataset) or dataset.classes:
        return dataset.task
    columns = pq.read_schema(record.file(PREDICTIONS)).names
    return Task(dataset.kind, tuple(name.removeprefix(ASKED) for name in columns if name.startswith(ASKED)))


def before_training(record: Record, paths: Paths) -> Backbone:
    """Initialize the backbone of a finished run as it was before the first step, in evaluation mode, on the CPU.

    Raises:
        RunError: if the weights are not those that the run began with.
        WeightsError: if the files of the weights that it began with are not there.
    """
    devices = record.data["environment"].get("devices", 1)  # old records, of one device each, do not state it
    spec, resolver = RunSpec.from_json(record.data["spec"]), Resolver(paths, devices)

    def run_of(need: Pretraining) -> ResolvedRun:
        return resolver.resolve(required_by(spec, need))

    with threads(spec.recipe.threads):  # as in the run: sums over a tensor, such as Mean Var's, depend on the number
        backbone, report = initialized(spec, paths, run_of)
    stated = json.loads(record.file("load_report.json").read_text(encoding="utf-8"))["after"]
    if report.after != stated:
        raise RunError(
            f"the run {record.data['key'][:12]} began with weights of the fingerprint {stated}; its initializer now "
            f"gives {report.after}. Move the run's folder away and make its table again."
        )
    return backbone.eval()
