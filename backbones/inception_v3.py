"""Inception-v3: torchvision's parameter names (Szegedy et al. 2016), images of 75 pixels or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

VERSION = 2
"""2: no weight starts at the bound of the truncated normal, 20 standard deviations away; before, one to three did."""


def inception_v3(in_channels: int = 3) -> Backbone:
    """Inception-v3 without auxiliary classifier; unpadded convolutions make maps smaller than the strides say.

    The initial weights are drawn as in torchvision with ``init_weights=True``: convolutions from a normal distribution
    of standard deviation 0.1 that is truncated at 2 and -2; scales of batch norm are 1, shifts 0. Transfusion's network
    was TF-Slim's, which draws convolutions from a normal distribution of variance 2 / inputs that is truncated at two
    standard deviations (``inception_utils.inception_arg_scope``) and has no scales of batch norm. The batch norm behind
    each convolution undoes the difference in scale at the start, but not its effect on how far a step of a given
    learning rate turns a kernel.
    """
    from backbones.networks.timm import timm_backbone

    return timm_backbone("inception_v3", in_channels)
