"""Projection and prediction heads."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*sizes: int, norm: bool = False, last_norm: bool = False, bias: bool = True) -> nn.Sequential:
    """A multilayer perceptron: linear layers with ReLUs between them.

    A linear layer with a normalization behind it has no bias, since the normalization would remove it.

    Args:
        sizes: the number of features of the input, of each hidden layer and of the output.
        norm: whether batch normalization follows the hidden layers.
        last_norm: whether a batch normalization with a learned scale but without a shift follows the last layer.
        bias: whether the last layer has a bias, if no normalization follows.
    """
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        hidden = number < len(sizes) - 1
        layers.append(nn.Linear(before, after, bias=not norm if hidden else bias and not last_norm))
        if hidden:
            layers += [nn.BatchNorm1d(after)] * norm + [nn.ReLU()]
        elif last_norm:
            scaled = nn.BatchNorm1d(after)
            scaled.bias.requires_grad_(False)  # it stays 0
            layers.append(scaled)
    return nn.Sequential(*layers)
