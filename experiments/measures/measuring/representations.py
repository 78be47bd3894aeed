"""Feature maps of networks on the same test images, stage by stage, and their similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.convolutional import PixelCca, pixel_cca
from backbones.networks.collecting import collect_stages
from backbones.networks.contract import Backbone
from experiments.run.restored import Restored
from experiments.run.retesting import device
from specs.errors import DataError, RunError

ROWS = 10_000
"""The number of pixels that ``pixel_cca`` compares, approximately (Raghu et al. 2019, appendix C)."""

REPEATS = 5
"""The number of draws of images and channels (the same source)."""

SEED = 0
"""The seed of all draws, so that the same networks give the same numbers."""

BATCH = 16
"""Images in a forward pass."""

Maps = dict[str, NDArray[np.float32]]
"""Feature maps by stage, each of shape (images, channels, height, width)."""


def stage_maps(network: Restored, backbone: Backbone | None = None, stages: Sequence[str] | None = None) -> Maps:
    """Feature maps of as many test images as the repeats of ``pixel_cca`` draw, in one pass per batch.

    The images and their order depend on the data alone, so maps of two networks on the same data are of the same ones.

    Args:
        network: the restored run whose test images and input normalization are used.
        backbone: the backbone that computes the maps, such as the one before training; None takes the network's own.
        stages: the names of the wanted stages; None takes all.
    """
    count = len(network.data.index_of("test"))
    order = np.random.default_rng(SEED).permutation(count).tolist()
    shown = (backbone or network.module.backbone).to(device())
    normalize = network.module.normalize.to(device())
    parts: dict[str, list[NDArray[np.float32]]] = {}
    wanted: dict[str, int] = {}
    for start in range(0, count, BATCH):
        lacking = [name for name in wanted if sum(map(len, parts[name])) < wanted[name]]
        if wanted and not lacking:
            break
        images = network.data.test_batch(order[start : start + BATCH])["image"].to(device())
        for name, maps in collect_stages(shown, normalize(images), lacking or stages).items():
            wanted.setdefault(name, REPEATS * max(round(ROWS / math.prod(maps.shape[2:])), 1))
            parts.setdefault(name, []).append(maps.float().cpu().numpy())
    return {name: np.concatenate(of)[: wanted[name]] for name, of in parts.items()}


def similarities(a: Maps, b: Maps, same_channels: bool, unrelated: bool = False) -> dict[str, PixelCca]:
    """CCA of every stage of one network with the same stage of another, by stage.

    Args:
        a: the feature maps of one network, by stage.
        b: the feature maps of the other network on the same images, by stage.
        same_channels: whether both draw the same channels, as in ``pixel_cca``.
        unrelated: whether maps of different images are compared, as in ``pixel_cca``.

    Raises:
        DataError: if a stage has too few pixels on so few test images.
        RunError: if a stage's values are not finite.
    """
    found = {}
    for name, maps in a.items():
        if not (np.isfinite(maps).all() and np.isfinite(b[name]).all()):
            raise RunError(
                f"the stage {name} of a network has values that are not finite numbers on the test images. Its "
                "training diverged: lower the learning rate and make the table again."
            )
        try:
            found[name] = pixel_cca(
                maps, b[name], same_channels=same_channels, seed=SEED, rows=ROWS, repeats=REPEATS, unrelated=unrelated
            )
        except ValueError as error:
            raise DataError(
                f"the stage {name} cannot be compared on {len(maps)} test images of {maps.shape[2]} x {maps.shape[3]} "
                f"pixels there: {error}. Use a larger test split or larger images."
            ) from error
    return found
