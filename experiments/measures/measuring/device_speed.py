"""How fast a device trains: images a second of ResNet-50 at 224 pixels, by which runs of other networks are scaled."""

from __future__ import annotations

import time
from statistics import median

import torch

from experiments.measures.measuring.network_costs import Network
from experiments.run.machine.threads import threads
from experiments.run.recipes import recipe_named
from specs.registry import BACKBONES
from specs.task import Task

STEPS = 3
"""The number of steps that are timed, after one that is not."""

BATCH = {"cpu": 8, "cuda": 64}
"""The images in a step, by the kind of device."""


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
