"""Logistic regression with an L2 penalty, solved exactly for several penalties on the same features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional as F

from specs.errors import RunError

SMALLEST = 1e-10
"""The share of the largest variance below which a direction of the features counts as constant: rounding in float32."""

CURVATURE = 0.25
"""The largest second derivative of the logistic loss, which scales each direction for the minimizer."""

STEEPEST = 1e-4
"""The largest gradient, scaled by curvature, at which a minimum counts as found; the loss is then within 1e-8 of it."""


@dataclass(frozen=True)
class Regression:
    """A solved logistic regression.

    Attributes:
        penalty: the penalty that it was solved for.
        weight: the weights of the features as they are, float64 (K, F).
        bias: the biases, float64 (K,).
        loss: the objective at the minimum: the mean loss, summed over findings, and the penalty of the scaled weights.
    """

    penalty: float
    weight: Tensor
    bias: Tensor
    loss: float


def regressions(
    features: Tensor, targets: Tensor, penalties: Sequence[float], classes: int | None
) -> Iterator[Regression]:
    """Minimize the mean loss + penalty / 2 |W|^2 over the weights W of scaled features, for each penalty in turn.

    Features are scaled to mean 0 and standard deviation 1; those that are constant get no weight. They are turned to
    their principal directions, in which the problem is nearly one of separate variables, and L-BFGS
    (``scipy.optimize``) starts at the last solution.

    Args:
        features: the features, float32 (N, F).
        targets: the findings, (N, K) in [0, 1], NaN where there is no label; of exclusive classes their numbers, (N,).
        penalties: the penalties, each above 0; from large to small is fastest.
        classes: the number of exclusive classes; None: each finding is a regression of its own.

    Raises:
        RunError: if a minimum is not found.
    """
    exact = features.double()
    mean, scale = exact.mean(dim=0), exact.std(dim=0, correction=0)
    scale = torch.where(scale > SMALLEST * scale.max(), scale, torch.inf)
    scores, directions = _turned((exact - mean) / scale)
    objective = _Findings(scores, targets) if classes is None else _Classes(scores, targets, classes)
    variances = scores.square().mean(dim=0)
    scaled = np.zeros(objective.outputs * (scores.shape[1] + 1))
    last = torch.ones(scores.shape[1] + 1, dtype=torch.float64)
    for penalty in penalties:
        curvatures = torch.cat([CURVATURE * variances + penalty, torch.tensor([CURVATURE])]).sqrt()
        start = (torch.from_numpy(scaled).view(-1, len(last)) / last * curvatures).flatten().numpy()
        scaled, loss = _minimum(objective, start, curvatures, penalty)
        last = curvatures
        found = torch.from_numpy(scaled).view(-1, len(last)) / last
        weight = found[:, :-1] @ directions.T / scale
        yield Regression(penalty, weight, found[:, -1] - weight @ mean, loss)


def _turned(features: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (N, R) of centered features (N, F) in their R principal directions, and these directions (F, R)."""
    tall = features.shape[0] >= features.shape[1]
    values, vectors = torch.linalg.eigh(features.T @ features if tall else features @ features.T)
    kept = values > SMALLEST * values[-1].clamp(min=1e-300)
    if tall:
        return features @ vectors[:, kept], vectors[:, kept]
    lengths = values[kept].sqrt()
    return vectors[:, kept] * lengths, features.T @ (vectors[:, kept] / lengths)


def _minimum(
    objective: _Findings | _Classes, start: NDArray[np.float64], curvatures: Tensor, penalty: float
) -> tuple[NDArray[np.float64], float]:
    """The scaled weights and biases, flat, at the minimum, and the objective there.

    Raises:
        RunError: if the minimizer stops elsewhere.
    """

    def value(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        parameters = torch.from_numpy(flat).view(-1, len(curvatures)) / curvatures
        weight, bias = parameters[:, :-1], parameters[:, -1]
        loss, by_logits = objective.loss(objective.scores @ weight.T + bias)
        gradient = torch.cat([by_logits.T @ objective.scores + penalty * weight, by_logits.sum(dim=0)[:, None]], dim=1)
        whole = loss + penalty / 2 * float(weight.square().sum())
        return whole, (gradient / curvatures).flatten().numpy()

    found = minimize(
        value,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-7},
    )
    if (steepest := float(np.abs(found.jac).max(initial=0.0))) > STEEPEST:
        raise RunError(
            f"the probe with the penalty {penalty:g} was not solved: its gradient is {steepest:.1e}, and "
            f"{STEEPEST:g} was expected ({found.message}). Leave this penalty out: probe(penalties=[...])."
        )
    return found.x, float(found.fun)


class _Findings:
    """The mean binary cross-entropy of each finding over its labelled images, summed over findings."""

    def __init__(self, scores: Tensor, targets: Tensor) -> None:
        self.scores, self.outputs = scores, targets.shape[1]
        labelled = ~targets.isnan()
        self.targets = targets.double().nan_to_num()
        self.shares = labelled.double() / labelled.sum(dim=0).clamp(min=1)

    def loss(self, logits: Tensor) -> tuple[float, Tensor]:
        """The loss and its gradient by the logits (N, K)."""
        each = F.softplus(logits) - self.targets * logits
        return float((each * self.shares).sum()), (logits.sigmoid() - self.targets) * self.shares


class _Classes:
    """The mean cross-entropy of exclusive classes."""

    def __init__(self, scores: Tensor, targets: Tensor, classes: int) -> None:
        self.scores, self.outputs = scores, classes
        self.truth = F.one_hot(targets.long(), classes).double()

    def loss(self, logits: Tensor) -> tuple[float, Tensor]:
        """The loss and its gradient by the logits (N, K)."""
        logarithms = logits.log_softmax(dim=1)
        return float(-(logarithms * self.truth).sum() / len(logits)), (logarithms.exp() - self.truth) / len(logits)
