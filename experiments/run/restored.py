"""Networks of finished runs, as they were tested or before training."""

from __future__ import annotations

import json
from dataclasses import dataclass

from safetensors import SafetensorError
from safetensors.torch import load_file

from backbones.networks.contract import Backbone
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.initialized import initialized
from experiments.run.machine.threads import threads
from experiments.run.paths import Paths
from experiments.run.resolve import ResolvedRun, Resolver, required_by
from experiments.run.store import AGAIN, BEST, Record
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import Normalization
from specs.errors import RunError
from specs.registry import BACKBONES
from specs.run import Pretraining, RunSpec


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
    """Load the network of a fine-tuning, with the weights of its best epoch.

    Raises:
        RunError: if the weights are not there or are not those of the run.
        DataError: if the data are not there.
    """
    spec = RunSpec.from_json(record.data["spec"])
    data = ImageDataModule(paths.data_of(spec), spec.recipe, spec.seed)
    backbone: Backbone = BACKBONES.build(spec.backbone)
    stated = record.data["normalization"]
    normalization = Normalization(tuple(stated["mean"]), tuple(stated["std"]))
    module = supervised_module(backbone, data.task, spec.recipe, normalization)
    path = record.file(BEST)
    try:
        module.load_state_dict(load_file(path))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"{path} cannot be used ({type(error).__name__}: {error}); expected the weights of the run. {AGAIN}"
        ) from error
    return Restored(spec, module.eval(), data)


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
