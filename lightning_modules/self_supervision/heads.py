"""Projection and prediction heads."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(
    *sizes: int,
    norm: bool = False,
    last_norm: bool = False,
    last_scale: bool = True,
    bias: bool = True,
    activation: type[nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """A multilayer perceptron: linear layers with activations between them.

    A linear layer with a normalization behind it has no bias, since the normalization would remove it.

    Args:
        sizes: the number of features of the input, of each hidden layer and of the output.
        norm: whether batch normalization follows the hidden layers.
        last_norm: whether a batch normalization without a shift follows the last layer.
        last_scale: whether the last layer's normalization has a learned scale.
        bias: whether the last layer has a bias, if no normalization follows.
        activation: the class of the activations, which is made without arguments.
    """
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        hidden = number < len(sizes) - 1
        layers.append(nn.Linear(before, after, bias=not norm if hidden else bias and not last_norm))
        if hidden:
            layers += [nn.BatchNorm1d(after)] * norm + [activation()]
        elif last_norm:
            scaled = nn.BatchNorm1d(after, affine=last_scale)
            if last_scale:
                scaled.bias.requires_grad_(False)  # it stays 0
            layers.append(scaled)
    return nn.Sequential(*layers)
