"""What is known of a set of weights: where it came from and how its input must look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Normalization:
    """Per-channel input statistics on the [0, 1] scale; one value serves every channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""ImageNet's statistics (https://docs.pytorch.org/vision/stable/models.html)."""

INCEPTION = Normalization((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Statistics that bring pixels to [-1, 1], as Inception networks take them (https://github.com/tensorflow/models,
research/slim, preprocessing/inception_preprocessing.py)."""

UNIT = Normalization((0.0,), (1.0,))
"""Statistics that leave pixels in [0, 1] as they are."""

NORMALIZATIONS = {"imagenet": IMAGENET, "inception": INCEPTION, "none": UNIT}


@dataclass(frozen=True)
class Card:
    """The provenance of an initializer's weights.

    Attributes:
        method: the method's family, such as ``supervised`` or ``random``.
        source: the URL of the weights as published, or None.
        sha256: the sha256 digest of the file as published, in hexadecimal, or None where there is no file.
        licence: the licence as an SPDX identifier or in the publisher's words, or None where there is nothing to
            license.
        paper: the citation or the URL of the paper, or None.
        training_data: the datasets that the weights have seen, as expressions of the registry where they have one.
        normalization: the input statistics that the weights expect; None leaves it to the recipe.
        warnings: known differences between the network that they were trained in and the one here.
        unseen: what could not be verified on the published file itself when its entry was written, in words.
    """

    method: str
    source: str | None = None
    sha256: str | None = None
    licence: str | None = None
    paper: str | None = None
    training_data: tuple[str, ...] = ()
    normalization: Normalization | None = None
    warnings: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
