"""A loss that is no number ends a training: at once, or on a GPU one step later."""

from __future__ import annotations

import math

import pytest
import torch

from lightning_modules.finite import FiniteLoss
from specs.errors import RunError


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_on_a_cpu_the_step_itself_is_refused(value: float) -> None:
    losses = FiniteLoss()
    losses.look(torch.tensor(1.0), "in step 0")
    with pytest.raises(RunError, match=rf"the loss is {value} in step 1\. .*lower the learning rate"):
        losses.look(torch.tensor(value), "in step 1")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_the_next_step_tells_of_it_or_the_end_does() -> None:
    losses = FiniteLoss()
    for step, value in enumerate((1.0, math.nan)):
        losses.look(torch.tensor(value, device="cuda"), f"in step {step}")
    with pytest.raises(RunError, match=r"the loss is nan in step 1\."):
        losses.look(torch.tensor(1.0, device="cuda"), "in step 2")
    losses.look(torch.tensor(math.inf, device="cuda"), "in step 3")
    with pytest.raises(RunError, match=r"the loss is inf in step 3\."):
        losses.settle()
    losses.settle()
