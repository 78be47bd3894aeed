"""How fast a device trains: images a second of ResNet-50 at 224 pixels, by which runs of other networks are scaled."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import torch

from datamodules.dataset.counts import Counts
from experiments.measures.measuring.network_costs import Network, counted
from experiments.run.machine.threads import threads
from experiments.run.recipes import recipe_named
from specs.registry import ADAPTATIONS, BACKBONES, DATASETS
from specs.run import RunSpec
from specs.settling import taking
from specs.task import Task

STEPS = 3
"""The number of steps that are timed, after one that is not."""

BATCH = {"cpu": 8, "cuda": 64}
"""The images in a step, by the kind of device."""


TRAINING = 3
"""The forward passes that a training step takes: itself, the gradients of activations and those of weights, each about
as many multiply-adds as the forward pass."""

TEST_SHARE, VALIDATION_SHARE = 0.1, 1 / 9
"""The share of images that test, and of the others the share that validate, where no files and no counts are there.

It is how datasets without a published split are divided.
"""


def reference() -> Network:
    """ResNet-50 with a classifier, at 224 pixels, on images of one channel."""
    recipe = recipe_named("compare/classification").override({"image_size": "224"})
    return Network(BACKBONES.bind("resnet50"), Task("binary", ("finding",)), recipe, 1)


def images_a_second() -> float:
    """Images a second of forward and backward passes of the reference in float32, on a GPU or on one CPU thread.

    Runs on a CPU train on one thread each, several at a time, so that one thread is the speed of a run.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, batch = reference(), BATCH[device.type]
    module = network.made().to(device)
    images = network.image().to(device).expand(batch, -1, -1, -1)
    seconds: list[float] = []
    with threads(1):
        for _ in range(STEPS + 1):
            started = time.perf_counter()
            module(images).sum().backward()
            if device.type == "cuda":  # kernels run asynchronously: Python goes on before they have finished
                torch.cuda.synchronize(device)
            seconds.append(time.perf_counter() - started)
    return batch / median(seconds[1:])


class DeviceSpeed:
    """The speed of a device in multiply-adds a second, and the seconds of runs that follow from it.

    Args:
        speed: the images a second at which the device trains ResNet-50 at 224 pixels.
    """

    def __init__(self, speed: float) -> None:
        self._a_second = speed * TRAINING * counted(reference())[1]
        self._of_networks: dict[Any, int] = {}

    def seconds(self, spec: RunSpec, counts: Counts | None) -> tuple[float, float] | None:
        """At least and at most how many seconds a run computes: it may stop early.

        Args:
            spec: the spec of the run.
            counts: the numbers of images in its splits; None takes what is published.

        Returns:
            The seconds; None for self-supervised methods, whose work is another one, and where no numbers are known.
        """
        if spec.recipe.method is not None:
            return None
        images = _images(spec, counts)
        if images is None:
            return None
        train, validation, test = images
        recipe, adaptation = spec.recipe, ADAPTATIONS.build(spec.recipe.adaptation)
        least, most = 1, 1
        epoch = train + validation
        if not adaptation.solved:
            least, most = min(recipe.epochs, (recipe.early_stopping or recipe.epochs) + 1), recipe.epochs
            epoch = TRAINING * (recipe.interval * recipe.batch_size if recipe.interval else train) + validation
        a_pass = self._multiply_adds(spec) / self._a_second
        return (least * epoch + test) * a_pass, (most * epoch + test) * a_pass

    def _multiply_adds(self, spec: RunSpec) -> int:
        """The multiply-adds of a forward pass of one image."""
        dataset = DATASETS.build(spec.dataset)
        network = Network(taking(spec.backbone, spec.dataset), dataset.task, spec.recipe, dataset.channels)
        if network.identity not in self._of_networks:
            self._of_networks[network.identity] = counted(network)[1]
        return self._of_networks[network.identity]


def _images(spec: RunSpec, counts: Counts | None) -> tuple[float, float, float] | None:
    """The images that train, validate and test: of the files, else by what is published; None: neither is known."""
    if counts is not None:
        train, validation, test = (counts.splits[name].whole.images for name in ("train", "validation", "test"))
        return train, validation, test
    published = DATASETS.build(spec.dataset).published
    if "images" not in published:
        return None
    test_images = published.get("test images", TEST_SHARE * published["images"])
    others = published["images"] - test_images
    fraction = DATASETS.bind(spec.dataset).arguments().get("fraction", 1.0)
    return fraction * others * (1 - VALIDATION_SHARE), others * VALIDATION_SHARE, test_images
