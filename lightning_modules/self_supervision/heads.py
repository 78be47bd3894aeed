"""Projection and prediction heads."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*sizes: int, norm: bool = False, last_norm: bool = False, bias: bool = True) -> nn.Sequential:
    """Linear layers with ReLU between them.

    Args:
        sizes: features of the input, of each hidden layer and of the output.
        norm: whether batch normalization follows the hidden layers.
        last_norm: whether one without learned scale and shift follows the last layer.
        bias: whether linear layers without a normalization behind them have one.
    """
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        hidden = number < len(sizes) - 1
        layers.append(nn.Linear(before, after, bias=bias and not (norm if hidden else last_norm)))
        if hidden:
            layers += [nn.BatchNorm1d(after)] * norm + [nn.ReLU()]
        elif last_norm:
            layers.append(nn.BatchNorm1d(after, affine=False))
    return nn.Sequential(*layers)
