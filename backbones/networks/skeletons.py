"""Backbones without values: names, shapes and nothing else, built without the draws that would be thrown away."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from backbones.networks.contract import Backbone
from specs.expression import Call
from specs.registry import BACKBONES

WRITES = frozenset(
    getattr(torch.Tensor, name)
    for name in (
        "uniform_", "normal_", "erfinv_", "mul_", "add_", "sub_", "div_", "clamp_", "fill_", "zero_", "copy_",
        "masked_fill_",
    )
)  # fmt: skip
"""The operations of initial values that write in place; each takes torch a while even where there are no values."""


class _Unwritten(TorchFunctionMode):
    """Writes to tensors without values are left out."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in WRITES and args[0].device.type == "meta":
            return args[0]
        return func(*args, **(kwargs or {}))


@lru_cache(maxsize=32)
def skeleton(backbone: Call | str) -> Backbone:
    """A backbone without values, which must not be changed; the global random state is neither read nor changed.

    Args:
        backbone: the expression of the backbone.
    """
    with torch.random.fork_rng(devices=()), torch.device("meta"), _Unwritten():
        built: Backbone = BACKBONES.build(backbone)
    return built
