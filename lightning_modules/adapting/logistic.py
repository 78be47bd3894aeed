"""Logistic regression with an L2 penalty, solved exactly for several penalties on the same features."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from specs.errors import RunError

SMALLEST = 1e-10
"""The share of the largest variance below which a direction of the features counts as constant: rounding in float32."""

CLOSE = 1e-8
"""The distance from the minimum, in the loss, at which the last step is made: half the squared Newton decrement (Boyd
and Vandenberghe 2004, section 9.5.1)."""

STEPS = 100
"""How many Newton steps are made, at most."""

SUFFICIENT = 1e-4
"""The share of the decrease that a Newton step promises which it must keep, else it is halved (Armijo's rule; Nocedal
and Wright 2006, section 3.1)."""

ROUGH, FINE = 0.1, 1e-3
"""The largest and the smallest share of the gradient that the solution of a Newton step may leave (Nocedal and Wright
2006, section 7.1)."""

MANY = 20
"""How many conjugate gradients are about as costly as a new Hessian, after which the next step gets one."""

RIDGE = 1e-6
"""The share by which the diagonal of a matrix grows before it is factorized in float32."""

BLOCKS = 6
"""How many strips of columns a product is computed in."""

TINY = 1e-30
"""What keeps a finding without any label from dividing by 0."""

LIGHT = 1e-3
"""The share of the largest weight below which an image is left out of the matrix that is factorized."""

_Product = Callable[[Tensor], Tensor]


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
    """Minimize the mean ``loss + penalty / 2 |W|^2`` over the weights W of scaled features, for each penalty in turn.

    Features are scaled to mean 0 and standard deviation 1; those that are constant get no weight. Newton's method
    starts at the last solution; its steps are solved by conjugate gradients, preconditioned by a factorized Hessian.

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
    varied = scale > SMALLEST * scale.max()
    scores, directions = _narrow((exact[:, varied] - mean[varied]) / scale[varied])
    design = torch.cat([scores, torch.ones(len(scores), 1, dtype=torch.float64)], dim=1)
    losses: list[_Finding | _Classes] = (
        [_Finding(one) for one in targets.T] if classes is None else [_Classes(targets, classes)]
    )
    solvers = [_Newton(design, loss) for loss in losses]
    for penalty in penalties:
        loss = sum(solver.minimize(penalty) for solver in solvers)
        found = torch.cat([solver.parameters for solver in solvers])
        weight = torch.zeros(len(found), len(scale), dtype=torch.float64)
        weight[:, varied] = (found[:, :-1] if directions is None else found[:, :-1] @ directions.T) / scale[varied]
        yield Regression(penalty, weight, found[:, -1] - weight @ mean, loss)


def _narrow(features: Tensor) -> tuple[Tensor, Tensor | None]:
    """Centered features (N, F) and None; of more features than images, scores (N, R) and R directions (F, R).

    The images differ in these directions only, so that weights in others would cost and not help.
    """
    if features.shape[0] >= features.shape[1]:
        return features, None
    values, vectors = torch.linalg.eigh(features @ features.T)
    kept = values > SMALLEST * values[-1].clamp(min=1e-300)
    lengths = values[kept].sqrt()
    return vectors[:, kept] * lengths, features.T @ (vectors[:, kept] / lengths)


class _Newton:
    """The minimum of one loss over the weights and the biases of its outputs, for one penalty after the other.

    Args:
        design: the features and, in the last column, ones for the bias, float64 (N, R + 1).
        loss: the loss that is minimized.
    """

    def __init__(self, design: Tensor, loss: _Finding | _Classes) -> None:
        self.design, self.loss = design, loss
        self.parameters = torch.zeros(loss.outputs, design.shape[1], dtype=torch.float64)
        self._rough = design.float()
        self._hessian: tuple[Tensor, float] | None = None
        self._path: list[tuple[float, Tensor]] = []

    def minimize(self, penalty: float) -> float:
        """Move the parameters to the minimum for a penalty, and return the objective there.

        Raises:
            RunError: if that many steps do not lead there.
        """
        ridges = torch.full((self.design.shape[1],), penalty, dtype=torch.float64)
        ridges[-1] = 0.0
        self._go_on(penalty, ridges)
        logits = self.design @ self.parameters.T
        value, residuals = self._value(logits, self.parameters, ridges)
        factor: Tensor | None = None
        half, taken = torch.inf, 0
        for _ in range(STEPS):
            gradient = residuals.T @ self.design + ridges * self.parameters
            if factor is None or taken > MANY:
                weights = self.loss.weights(logits)
                if self._hessian is None or taken > MANY:
                    self._hessian, taken = self._weighted(weights), 0
                factor = _factor(*self._hessian, weights, ridges)
            step, further = self._step(gradient, logits, factor, ridges)
            taken += further
            half = -float((gradient * step).sum()) / 2
            logits, value, residuals = self._moved(step, half, logits, value, ridges)
            if half <= CLOSE:
                self._path = [*self._path[-1:], (penalty, self.parameters)]
                return value
        raise RunError(
            f"the probe with the penalty {penalty:g} was not solved: after {STEPS} steps its loss may be {half:.1e} "
            f"above the minimum, and {CLOSE:g} was expected. Leave this penalty out: probe(penalties=[...])."
        )

    def _go_on(self, penalty: float, ridges: Tensor) -> None:
        """Start where the solutions for the last two penalties point to, if the objective is lower there."""
        if len(self._path) < 2 or self._path[0][0] == self._path[1][0]:
            return
        (before, first), (last, second) = self._path
        further = second + math.log(penalty / last) / math.log(last / before) * (second - first)
        there, here = (self._value(self.design @ one.T, one, ridges)[0] for one in (further, second))
        if there < here:
            self.parameters = further

    def _value(self, logits: Tensor, parameters: Tensor, ridges: Tensor) -> tuple[float, Tensor]:
        """The objective, and the gradient of the loss by the logits."""
        loss, residuals = self.loss.value(logits)
        return loss + float((ridges * parameters.square()).sum()) / 2, residuals

    def _moved(
        self, step: Tensor, half: float, logits: Tensor, value: float, ridges: Tensor
    ) -> tuple[Tensor, float, Tensor]:
        """Move along a step, halved until the objective falls enough; the logits, objective and residuals there."""
        along, share = self.design @ step.T, 1.0
        while True:
            moved, there = self.parameters + share * step, logits + share * along
            lower, residuals = self._value(there, moved, ridges)
            # Below the last digits of the objective, whether it falls is rounding.
            if lower <= value - SUFFICIENT * share * 2 * half + 1e-15 * abs(value) or share < 1e-10:
                self.parameters = moved
                return there, lower, residuals
            share /= 2

    def _weighted(self, weights: Tensor) -> tuple[Tensor, float]:
        """The second derivative, float32, of the loss of one output with weights (N,) of the images, and their sum."""
        heavy = weights > LIGHT * weights.max()
        weighted = self._rough[heavy] * weights[heavy].float().sqrt()[:, None]
        return _squared(weighted), float(weights.sum())

    def _step(self, gradient: Tensor, logits: Tensor, factor: Tensor, ridges: Tensor) -> tuple[Tensor, int]:
        """Newton's step (K, R + 1), nearly, by conjugate gradients, and how many of them it took."""
        product = self.loss.product(logits)

        def preconditioned(vector: Tensor) -> Tensor:
            return torch.cholesky_solve(vector.T.float(), factor).T.double()

        step, rest = torch.zeros_like(gradient), -gradient
        guess = preconditioned(rest)
        direction, size = guess, float((rest * guess).sum())
        enough = min(ROUGH, max(FINE, size**0.5)) ** 2 * size
        taken = 0
        while size > enough and taken < 10 * MANY:
            along = product((self._rough @ direction.T.float()).double())
            curved = (along.T.float() @ self._rough).double() + ridges * direction
            if (curvature := float((direction * curved).sum())) <= 0:  # rounding, where there is next to none
                break
            length = size / curvature
            step, rest, taken = step + length * direction, rest - length * curved, taken + 1
            guess = preconditioned(rest)
            size, last = float((rest * guess).sum()), size
            direction = guess + size / last * direction
        return step, taken


def _squared(tall: Tensor) -> Tensor:
    """A matrix (N, R) times itself, (R, R), of which one half mirrors the other and is not computed."""
    parts = tall.tensor_split(BLOCKS, dim=1)
    product, start = tall.new_empty(tall.shape[1], tall.shape[1]), 0
    for part in parts:
        end = start + part.shape[1]
        strip = part.T @ tall[:, start:]
        product[start:end, start:], product[start:, start:end] = strip, strip.T
        start = end
    return product


def _factor(hessian: Tensor, total: float, weights: Tensor, ridges: Tensor) -> Tensor:
    """The Cholesky factor, float32, of a Hessian whose images had weights of a total, for other weights and ridges."""
    matrix = hessian * (float(weights.sum()) / max(total, TINY))
    matrix.diagonal().add_(ridges.float() + TINY)
    ridge = RIDGE
    while True:
        matrix.diagonal().mul_(1 + ridge)
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if not failed:
            return factor
        ridge *= 10


class _Finding:
    """The mean binary cross-entropy of a finding over its labelled images.

    Args:
        targets: the finding, (N,) in [0, 1], NaN where there is no label.
    """

    outputs = 1

    def __init__(self, targets: Tensor) -> None:
        labelled = ~targets.isnan()
        self.targets = targets.double().nan_to_num()[:, None]
        self.shares = (labelled.double() / labelled.sum().clamp(min=1))[:, None]

    def value(self, logits: Tensor) -> tuple[float, Tensor]:
        """The loss and its gradient by the logits (N, 1)."""
        each = logits.logaddexp(torch.zeros_like(logits)) - self.targets * logits  # F.softplus is cut off at 20
        return float((each * self.shares).sum()), (logits.sigmoid() - self.targets) * self.shares

    def weights(self, logits: Tensor) -> Tensor:
        """The second derivative of the loss by each logit, (N,)."""
        return (logits.sigmoid() * (-logits).sigmoid() * self.shares)[:, 0]

    def product(self, logits: Tensor) -> _Product:
        """The function that multiplies by the second derivative of the loss by the logits, (N, 1) to (N, 1)."""
        weights = self.weights(logits)[:, None]
        return lambda along: weights * along


class _Classes:
    """The mean cross-entropy of exclusive classes.

    Args:
        targets: the numbers of the images' classes, (N,).
        classes: the number K of classes.
    """

    def __init__(self, targets: Tensor, classes: int) -> None:
        self.outputs = classes
        self.truth = F.one_hot(targets.long(), classes).double()

    def value(self, logits: Tensor) -> tuple[float, Tensor]:
        """The loss and its gradient by the logits (N, K)."""
        logarithms = logits.log_softmax(dim=1)
        return float(-(logarithms * self.truth).sum() / len(logits)), (logarithms.exp() - self.truth) / len(logits)

    def weights(self, logits: Tensor) -> Tensor:
        """The second derivative of the loss by each logit of its own, the mean over classes, (N,)."""
        probabilities = logits.softmax(dim=1)
        return (probabilities * (1 - probabilities)).mean(dim=1) / len(logits)

    def product(self, logits: Tensor) -> _Product:
        """The function that multiplies by the second derivative of the loss by the logits, (N, K) to (N, K)."""
        probabilities = logits.softmax(dim=1)
        shares = probabilities / len(logits)
        return lambda along: shares * (along - (probabilities * along).sum(dim=1, keepdim=True))
