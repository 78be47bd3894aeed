"""Whether new images are like those that a network learned: by its own features, and by how images look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from analysis.familiarity import (
    Alarm,
    Array,
    Gaussian,
    false_alarms,
    fitted_alarm,
    fitted_gaussian,
    neighbour_distances,
)
from datamodules.dataset.splits import Split
from datamodules.pipeline.pixels import images_of
from datamodules.prepared.opening import OpenDataset
from experiments.predicting.ensemble import Ensemble
from experiments.run.paths import Paths
from experiments.run.store import RunStore
from specs.errors import RunError
from specs.files import replacing
from specs.run import RunSpec

VERSION = 1
"""Raised on purpose when the same run and images are judged otherwise than before."""

SHARE = 0.03
"""The share of images of the learned kind that may be told as unlike."""

MOST_KNOWN = 2000
"""The most training images that new ones are held against, evenly spread over the split."""

THUMBNAIL = 8
"""Height and width of the small picture whose pixels say how an image is laid out."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of pixels that say how bright an image is."""

SPACES = {"features": "the network's own features of it", "looks": "how it looks: brightness, layout and texture"}
"""The spaces in which images are held against the learned ones, and what they are about."""


@dataclass(frozen=True)
class Familiar:
    """What tells images that are unlike those that a network learned.

    Attributes:
        features: the network's pooled features of training images, (M, D).
        looks: the distribution of how training images look.
        alarm: the rule that tells which are unlike, made on the validation images.
        held_out: the share of false alarms on validation images, each judged by a rule that the other half gave.
    """

    features: Array
    looks: Gaussian
    alarm: Alarm
    held_out: float

    def distances(self, ensemble: Ensemble, images: Tensor) -> dict[str, Array]:
        """The distances of images (B, C, S, S) uint8 to the learned ones in each of ``SPACES``, (B,)."""
        return {
            "features": neighbour_distances(_features(ensemble, images), self.features),
            "looks": self.looks.distances(appearance(images)),
        }

    def why_unlike(self, ensemble: Ensemble, images: Tensor) -> list[str | None]:
        """Of each image, in which space it is farthest from the learned ones if it is unlike them, in half a sentence.

        Args:
            ensemble: the networks, of which the first one's features are taken.
            images: uint8 (B, C, S, S), as ``Ensemble.framed`` gives them.
        """
        found = self.distances(ensemble, images)
        strangeness = self.alarm.strangeness(found)
        worst = [max(SPACES, key=lambda space: strangeness[space][place]) for place in range(len(images))]
        told = zip(self.alarm.unlike(found), worst, strict=True)
        return [f"it is far from the training images by {SPACES[space]}" if far else None for far, space in told]


def familiar_of(ensemble: Ensemble, paths: Paths) -> Familiar:
    """What tells images that are unlike those of an ensemble's first run; kept in the run store.

    Raises:
        DataError: if the run's training images are not there.
        RunError: if what was kept is damaged.
    """
    record = ensemble.records[0]
    path = RunStore(paths.runs).root / "familiarity" / f"{VERSION}-{record.data['key']}.npz"
    try:
        with np.load(path) as kept:
            known, held_out = kept["known"], {space: kept[f"held_out_{space}"] for space in SPACES}
            return _made(kept["features"], known, held_out)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{path} is damaged ({error}). Remove it; it is made anew from the training images.") from error
    opened = paths.data_of(RunSpec.from_json(record.data["spec"]))
    features, known = _both(ensemble, opened, "train", MOST_KNOWN)
    own, looks = _both(ensemble, opened, "validation", MOST_KNOWN)
    held_out = {
        "features": neighbour_distances(own, features),
        "looks": fitted_gaussian(known).distances(looks),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, features=features, known=known, **{f"held_out_{name}": each for name, each in held_out.items()})
    return _made(features, known, held_out)


def _made(features: Array, known: Array, held_out: dict[str, Array]) -> Familiar:
    alarm = fitted_alarm(held_out, SHARE)
    return Familiar(features, fitted_gaussian(known), alarm, false_alarms(held_out, SHARE))


def _both(ensemble: Ensemble, opened: OpenDataset, split: Split, most: int) -> tuple[Array, Array]:
    """The features and the looks of at most so many images of a split, evenly spread over it."""
    found = [(_features(ensemble, images), appearance(images)) for images in _batches(ensemble, opened, split, most)]
    return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])


def _batches(ensemble: Ensemble, opened: OpenDataset, split: Split, most: int) -> Iterator[Tensor]:
    images, size = images_of(opened, split, ensemble.recipe.evaluation_form), ensemble.recipe.batch_size
    numbers = range(0, len(images), -(-len(images) // most))
    for start in range(0, len(numbers), size):
        yield ensemble.framed([one.image for one in images.read(numbers[start : start + size])])


@torch.inference_mode()
def _features(ensemble: Ensemble, images: Tensor) -> Array:
    """The first network's pooled features of images, (B, D)."""
    module = ensemble.modules[0]
    return np.asarray(module.backbone(module.normalize(images.to(module.device))).double().cpu().numpy())


def appearance(images: Tensor) -> Array:
    """How images look, whatever a network makes of them: (B, C * 72) numbers.

    Of each channel: the means of 8 x 8 parts, five quantiles and the standard deviation of the pixels, and the
    logarithm of the mean step from pixel to pixel and of the mean second difference, which say how rough it is.

    Args:
        images: uint8 (B, C, H, W).
    """
    pixels = images.float() / 255
    parts = F.adaptive_avg_pool2d(pixels, THUMBNAIL).flatten(2)
    flat = pixels.flatten(2)
    quantiles = torch.quantile(flat, torch.tensor(QUANTILES), dim=2).permute(1, 2, 0)
    steps = pixels.diff(dim=3).abs().mean(dim=(2, 3)) + pixels.diff(dim=2).abs().mean(dim=(2, 3))
    bends = pixels.diff(n=2, dim=3).abs().mean(dim=(2, 3)) + pixels.diff(n=2, dim=2).abs().mean(dim=(2, 3))
    rough = torch.stack([flat.std(dim=2), torch.log(steps + 1e-4), torch.log(bends + 1e-4)], dim=2)
    found: NDArray[np.float64] = torch.cat([parts, quantiles, rough], dim=2).flatten(1).double().numpy()
    return found
