"""Random: the architecture's own initialization."""

from __future__ import annotations

import math

import torch

from initializers.loading.contract import build
from initializers.loading.loading import initialize
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny


class TestRandom(InitializerContract):
    expression = "random"
    depends_on_the_seed = True

    def test_convolutions_have_the_variance_of_he_initialization(self) -> None:
        backbone = tiny()
        initialize(backbone, build("random"), seeded(0), no_runs)
        kernels = [module.weight for module in backbone.modules() if isinstance(module, torch.nn.Conv2d)]
        kernel = max(kernels, key=torch.Tensor.numel)
        fan_out = kernel.shape[0] * kernel.shape[2] * kernel.shape[3]
        error = math.sqrt(2 / kernel.numel())  # standard error of a normal sample's variance, relative
        assert abs(kernel.var().item() / (2 / fan_out) - 1) < 5 * error

    def test_nothing_was_trained(self) -> None:
        card = build("random").card()
        assert (card.method, card.training_data) == ("random", ())
