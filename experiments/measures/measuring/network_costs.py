"""The costs of networks: parameters, multiply-adds per image, and seconds per image on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from backbones.networks.contract import Backbone
from experiments.measures.measuring.costs import NetworkCost
from experiments.measures.measuring.measurement_cache import once
from experiments.run.initialized import built_backbone
from experiments.run.machine.devices import device_name
from experiments.run.machine.threads import threads
from experiments.run.paths import Paths
from experiments.run.progress import Report, silent
from experiments.run.public_names import public_labels
from experiments.run.store import RunStore
from lightning_modules.task_module import supervised_module
from specs.card import UNIT
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS
from specs.run import Edition, digest
from specs.settling import taking
from specs.task import Task

VERSION = 1
"""Raised on purpose when seconds are measured in another way than before."""

REPEATED = 2.0
"""Seconds for which forward passes are repeated."""

FEWEST = 3
"""The least number of forward passes, however slow: one outlier among three does not change their median much."""


@dataclass(frozen=True)
class Network:
    """A network with its classifier or decoder, and an image that it takes.

    Attributes:
        backbone: a bound backbone expression.
        task: the task, which decides the head and its number of outputs.
        recipe: the recipe, which states the image size.
        channels: the number of channels of the dataset's images.
        columns: the labels of the table's columns that have this network.
    """

    backbone: Call
    task: Task
    recipe: Recipe
    channels: int
    columns: list[str] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, str, int, int, int]:
        """Everything that the costs depend on: backbone, kind of head, number of classes, channels, image size."""
        named = {"auto": "decoder"}.get(self.recipe.decoder, self.recipe.decoder)
        head = named if self.task.kind == "segmentation" else "classifier"
        return str(self.backbone), head, len(self.task.classes), self.channels, self.recipe.image_size

    def made(self) -> nn.Module:
        """The network in evaluation mode, with random weights; the global random state is not changed."""
        with torch.random.fork_rng(devices=[]):
            backbone: Backbone = built_backbone(self.backbone, self.recipe)
            return supervised_module(backbone, self.task, self.recipe, UNIT).eval()

    def image(self) -> Tensor:
        """A uniformly gray image, uint8 of shape (1, C, H, W)."""
        return torch.full((1, self.channels, self.recipe.image_size, self.recipe.image_size), 128, dtype=torch.uint8)


@dataclass(frozen=True)
class Costed:
    """A column of a table whose network's costs are wanted.

    Attributes:
        label: the label of the column.
        dataset: the expression of the column's dataset.
        backbone: the expression of the column's backbone.
        recipe: the column's recipe, which states the image size.
    """

    label: str
    dataset: str
    backbone: str
    recipe: Recipe


def network_costs(
    columns: Iterable[Costed], edition: Edition, paths: Paths, report: Report = silent
) -> tuple[NetworkCost, ...]:
    """The costs of each network, once for all columns that share network, image size and outputs.

    Seconds are measured once for each network on each kind of processor and then kept in the run store, so that the
    same table gives the same files.

    Args:
        columns: the columns whose networks are measured; their data must be there.
        edition: the edition of the datasets: the published files or drawn images.
        paths: where data and runs are.
        report: a function that is told after each timed network how many are done, and of how many.

    Raises:
        UsageError: if a network does not take images of its recipe's size, or no decoder fits it.
        DataError: if the data are not there.
    """
    networks: dict[tuple[object, ...], Network] = {}
    for column in columns:
        dataset, _ = paths.open(expression := DATASETS.bind(column.dataset), edition)
        backbone = taking(BACKBONES.bind(column.backbone), expression)
        network = Network(backbone, dataset.task, column.recipe, dataset.channels)
        networks.setdefault(network.identity, network).columns.append(column.label)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    counts = [counted(network) for network in networks.values()]
    # The counts are part of the key: a backbone whose code changed most likely has other counts, and is timed anew.
    keys = [
        digest([*network.identity, *count, device_name(device), torch.__version__])
        for network, count in zip(networks.values(), counts, strict=True)
    ]
    names = public_labels(BACKBONES, (network.backbone for network in networks.values()))
    seconds = once(
        "network-seconds", VERSION, dict(zip(keys, networks.values(), strict=True)), RunStore(paths.runs),
        lambda network: seconds_an_image(network.made().to(device), network.image().to(device)), report,
    )  # fmt: skip
    return tuple(
        NetworkCost(
            columns=tuple(network.columns),
            backbone=names[network.backbone],
            image_size=network.recipe.image_size,
            parameters=parameters,
            multiply_adds=multiply_adds,
            seconds=seconds[key],
            device=device_name(device) + (", one thread" if device.type == "cpu" else ""),
        )
        for network, (parameters, multiply_adds), key in zip(networks.values(), counts, keys, strict=True)
    )


def counted(network: Network) -> tuple[int, int]:
    """The numbers of parameters and of multiply-adds per image, counted on tensors without data (PyTorch's meta)."""
    with torch.device("meta"):
        module, image = network.made(), network.image()
    return sum(parameter.numel() for parameter in module.parameters()), multiply_adds(module, image)


def multiply_adds(module: nn.Module, image: Tensor) -> int:
    """The multiply-adds of convolutions, matrix products and attention in one forward pass.

    PyTorch counts floating point operations, two for each multiply-add, and counts neither biases nor normalization
    (``torch.utils.flop_counter``).
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(image)
    return int(counter.get_total_flops()) // 2


def seconds_an_image(module: nn.Module, image: Tensor) -> float:
    """Median seconds of a forward pass over the image, on its device, with one CPU thread, after a warm-up."""
    passes: list[float] = []
    with threads(1), torch.inference_mode():
        _pass_seconds(module, image)
        while len(passes) < FEWEST or sum(passes) < REPEATED:
            passes.append(_pass_seconds(module, image))
    return median(passes)


def _pass_seconds(module: nn.Module, image: Tensor) -> float:
    started = time.perf_counter()
    module(image)
    if image.device.type == "cuda":  # kernels run asynchronously: Python goes on before they have finished
        torch.cuda.synchronize(image.device)
    return time.perf_counter() - started
