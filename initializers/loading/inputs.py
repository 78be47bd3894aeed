"""Adapting weights to a backbone's input: its channels, its image size and its patch size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from initializers.loading.channels import DEFAULT, Rule, first_convolution, for_channels
from initializers.loading.positions import resampled_positions

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from initializers.loading.contract import Weights


def for_inputs(weights: Weights, backbone: Backbone, rule: Rule = DEFAULT) -> Weights:
    """The weights adapted to the backbone's input where it differs; the changes are recorded as ``transformed``.

    Args:
        weights: the weights by the backbone's names.
        backbone: the backbone that the weights are for.
        rule: how the first convolution meets another number of channels.
    """
    wanted = backbone.weights()
    tensors, mixed = for_channels(weights.tensors, wanted, rule)
    tensors, resampled = resampled_positions(tensors, backbone)
    changed = {name: "; ".join(how[name] for how in (mixed, resampled) if name in how) for name in (*mixed, *resampled)}
    if not changed:
        return weights
    first = weights.tensors[first_convolution(wanted)] if mixed else None
    return replace(weights, tensors=tensors, transformed=weights.transformed | changed, fingerprint=None, first=first)
