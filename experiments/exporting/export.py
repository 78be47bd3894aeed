"""A trained network as a folder that works elsewhere: weights, what is done to images, and a model card."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from datamodules.dataset.contract import Dataset
from datamodules.pipeline.resize_crop import tested_size
from experiments.exporting.card import model_card
from experiments.exporting.facts import Facts
from experiments.exporting.onnx_graph import check_packages, write_onnx
from experiments.exporting.preprocessing import preprocessing
from experiments.exporting.tensors import float_list, write_tensors
from experiments.exporting.usage import timm_usage, usage
from experiments.run.restored import trained_network
from lightning_modules.classification import ClassificationModule
from lightning_modules.neighbours import NeighbourHead
from lightning_modules.supervised import SupervisedModule
from specs.errors import UsageError
from specs.files import file_sha256, filling, write_json, write_text
from specs.registry import DATASETS

CARD, SUMS, PREPROCESSING = "README.md", "SHA256SUMS", "preprocessing.json"
NETWORK, ONNX, SCRIPT, TIMM = "network.safetensors", "model.onnx", "predict_onnx.py", "timm"
"""The names of the files and of the folder in an export."""


@dataclass(frozen=True)
class Formats:
    """The forms of a network that are wanted beside safetensors.

    Attributes:
        onnx: whether to write an ONNX file, with a script that predicts by it without torch.
        timm: whether to write a folder that timm loads.
    """

    onnx: bool = False
    timm: bool = False


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds files already.

    Raises:
        UsageError: names the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and is not empty, and an export is a whole folder. Name another.")


def write_export(facts: Facts, folder: Path, formats: Formats) -> dict[str, str]:
    """Write the network of a finished fine-tuning into a new folder, all of it or nothing.

    Args:
        facts: the run, and the table that it was chosen from.
        folder: the folder to write, which is not there yet or empty.
        formats: the forms of the network that are wanted beside safetensors.

    Returns:
        The sha256 of each file by its path in the folder.

    Raises:
        UsageError: if the folder holds files, the network cannot be written in a form that is wanted, or it answers by
            the features of its training images.
        RunError: if the weights are not there or are not those of the run.
        StorageError: if the disk is full.
    """
    check_folder(folder)
    if formats.onnx:
        check_packages()
    module = trained_network(facts.record, facts.task)
    if isinstance(module, ClassificationModule) and isinstance(module.head, NeighbourHead):
        raise UsageError(
            f"{facts.spec.recipe.adaptation} answers by the features and labels of its training images, which would "
            "all be in the export. Export a run of another adaptation, such as probe."
        )
    made = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    with filling(folder):
        made.mkdir(parents=True)
        try:
            _write(facts, module, made, formats)
            os.rename(made, folder)  # it takes the place of an empty folder, and of none that holds files
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return _sums(folder)


def _write(facts: Facts, module: SupervisedModule, folder: Path, formats: Formats) -> None:
    spec, dataset = facts.spec, _dataset(facts)
    channels, in_channels = dataset.channels, module.backbone.in_channels
    mean, std = (float_list(values, in_channels) for values in (module.normalize.mean, module.normalize.std))
    told = preprocessing(spec.recipe, facts.task, channels, mean, std)
    metadata = facts.metadata() | {"preprocessing": json.dumps(told), "recipe": json.dumps(spec.recipe.to_json())}
    write_json(folder / PREPROCESSING, told)
    write_tensors(folder / NETWORK, module, metadata)
    if formats.onnx:
        write_onnx(module, channels, tested_size(spec.recipe), folder / ONNX, metadata)
        script = resources("experiments.exporting").joinpath("onnx_script.py").read_text(encoding="utf-8")
        write_text(folder / SCRIPT, script)
    if formats.timm:
        from experiments.exporting.timm_folder import timm_network, write_timm

        model = timm_network(module, spec)
        assert isinstance(module, ClassificationModule)  # timm_network refuses others
        (folder / TIMM).mkdir()
        write_timm(model, module, spec, folder / TIMM, metadata)
        write_json(folder / TIMM / PREPROCESSING, told)
        _finish(facts, folder / TIMM, timm_usage(spec.recipe, facts.task), "timm")
    _finish(facts, folder, usage(facts, formats.onnx, formats.timm), "pytorch")


def _finish(facts: Facts, folder: Path, how: str, library: str) -> None:
    """Write the card of a folder's files, and the digests of all of them."""
    write_text(folder / CARD, model_card(facts, _sums(folder), how, library))
    lines = [f"{digest}  {name}\n" for name, digest in _sums(folder).items()]
    write_text(folder / SUMS, "".join(lines))


def _sums(folder: Path) -> dict[str, str]:
    """The sha256 of each file in a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


def _dataset(facts: Facts) -> Dataset:
    dataset: Dataset = DATASETS.build(facts.spec.dataset)
    return dataset
