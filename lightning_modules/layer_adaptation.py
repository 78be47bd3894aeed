"""Optimizers that scale the learning rate of each layer (You et al. 2017, https://arxiv.org/abs/1708.03888)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

APEX_GUARD = 1e-8
"""The constant that apex's LARC adds to the denominator of a trust ratio."""


class LayerAdaptation(torch.optim.Optimizer):
    """Gradient descent with momentum, where each layer's gradients are scaled by a trust ratio of its own.

    Args:
        parameters: the tensors to train, or groups of them with settings of their own.
        lr: the learning rate, above 0.
        momentum: the share of the previous update that is kept, in [0, 1).
        weight_decay: the share of a parameter that is added to its gradient.
        trust: the coefficient of the ratio of norms.
        adapted: whether a group's gradients are scaled by the trust ratio.
        classic: whether the learning rate scales what enters the momentum buffer; otherwise it scales what leaves it.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float,
        weight_decay: float,
        trust: float,
        adapted: bool = True,
        classic: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust}
        super().__init__(parameters, settings | {"adapted": adapted, "classic": classic})

    @abstractmethod
    def adapted(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient with weight decay, multiplied by the trust ratio."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rate, classic = group["lr"], group["classic"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                update = parameter.grad
                update = self.adapted(parameter, update, group) if group["adapted"] else update
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].mul_(group["momentum"]).add_(update, alpha=rate if classic else 1)
                parameter.sub_(state["momentum"], alpha=1 if classic else rate)
        return loss


class Lars(LayerAdaptation):
    """LARS: a gradient g of a weight w becomes ``u = g + decay * w``, and then ``u * trust * |w| / |u|``.

    Where either norm is 0, it stays u. As in https://github.com/facebookresearch/barlowtwins (main.py),
    https://github.com/google-deepmind/deepmind-research (byol/utils/optimizers.py) and
    https://github.com/google-research/simclr (lars_optimizer.py). You et al. divide by
    ``|g| + decay * |w|`` instead.
    """

    def adapted(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient with weight decay, times the trust ratio of both together."""
        update = gradient.add(parameter, alpha=group["weight_decay"])
        size, change = parameter.norm(), update.norm()
        ratio = group["trust"] * size / change
        return update * torch.where((size > 0) & (change > 0), ratio, torch.ones_like(ratio))


class Larc(LayerAdaptation):
    """LARC: a gradient g of a parameter w becomes ``(g + decay * w) * trust * |w| / (|g| + decay * |w|)``.

    Where either norm is 0, the gradient stays as it is, without weight decay. As LARC(clip=False) over SGD in
    https://github.com/NVIDIA/apex (apex/parallel/LARC.py, until its removal), which SwAV's code uses.
    """

    def adapted(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient with weight decay, times the trust ratio of the two norms."""
        decay, size, change = group["weight_decay"], parameter.norm(), gradient.norm()
        ratio = group["trust"] * size / (change + decay * size + APEX_GUARD)
        update = gradient.add(parameter, alpha=decay) * ratio
        return torch.where((size > 0) & (change > 0), update, gradient)
