"""Adapting weights to a backbone's input: its channels, its image size and its patch size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from initializers.loading.channels import gray_first_convolution
from initializers.loading.positions import resampled_positions

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from initializers.loading.contract import Weights


def for_inputs(weights: Weights, backbone: Backbone) -> Weights:
    """The weights adapted to the backbone's input where it differs; the changes are recorded as ``transformed``.

    Args:
        weights: the weights by the backbone's names.
        backbone: the backbone that the weights are for.
    """
    tensors, gray = gray_first_convolution(weights.tensors, backbone.weights())
    tensors, resampled = resampled_positions(tensors, backbone)
    changed = {name: "; ".join(how[name] for how in (gray, resampled) if name in how) for name in (*gray, *resampled)}
    if not changed:
        return weights
    return replace(weights, tensors=tensors, transformed=weights.transformed | changed, fingerprint=None)
