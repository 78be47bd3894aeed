"""The optimizers of the published self-supervised recipes, against their authors' updates written out."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.run.recipes import recipe_named
from lightning_modules import layer_adaptation
from lightning_modules.optimization import build_optimizer, build_schedule
from lightning_modules.self_supervision.redundancy import BarlowLearner
from specs.recipe_parts import Larc, Lars
from specs.registry import BACKBONES

Numbers = NDArray[np.float64]
Update = Callable[[Numbers, Numbers, Numbers, float], tuple[Numbers, Numbers]]
"""From a parameter, its gradient, its momentum and the rate's factor to the next parameter and momentum."""

STARTS = {"weight": [[3.0, -4.0], [1.0, 2.0]], "bias": [0.5, -1.5], "scale": [1.0, 1.0]}
GRADIENTS = (
    {"weight": [[0.6, 0.8], [0.0, 0.3]], "bias": [0.2, -0.1], "scale": [0.7, 0.4]},
    {"weight": [[-0.3, 0.4], [0.1, 0.1]], "bias": [0.3, 0.5], "scale": [-0.2, 0.1]},
)


def named(recipe: str) -> tuple[dict[str, nn.Parameter], torch.optim.Optimizer]:
    """Parameters of a layer and a normalization in float64, and the recipe's optimizer over them."""
    made = {name: nn.Parameter(torch.tensor(value, dtype=torch.float64)) for name, value in STARTS.items()}
    return made, build_optimizer(recipe_named(recipe).optimizer, made.values())


def moved(recipe: str, factors: tuple[float, float] = (1.0, 1.0)) -> dict[str, Numbers]:
    """The parameters after two steps, with the learning rates times a factor in each."""
    parameters, optimizer = named(recipe)
    rates = [group["lr"] for group in optimizer.param_groups]
    for gradients, factor in zip(GRADIENTS, factors, strict=True):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(gradients[name], dtype=torch.float64)
        optimizer.step()
    return {name: parameter.detach().numpy() for name, parameter in parameters.items()}


def written_out(update: Update, name: str, factors: tuple[float, float] = (1.0, 1.0)) -> Numbers:
    """One parameter after the same two steps of an update."""
    value, momentum = np.array(STARTS[name]), np.zeros_like(np.array(STARTS[name]))
    for gradients, factor in zip(GRADIENTS, factors, strict=True):
        value, momentum = update(value, np.array(gradients[name]), momentum, factor)
    return value


def barlow(rate: float, is_weight: bool, decay: float) -> Update:
    """https://github.com/facebookresearch/barlowtwins, main.py, class LARS; BYOL's optimizers.py does the same."""

    def update(p: Numbers, dp: Numbers, mu: Numbers, factor: float) -> tuple[Numbers, Numbers]:
        if is_weight:
            dp = dp + decay * p
            dp = dp * (0.001 * np.linalg.norm(p) / np.linalg.norm(dp))
        mu = 0.9 * mu + dp
        return p - rate * factor * mu, mu

    return update


def simclr(rate: float, is_weight: bool, decay: float) -> Update:
    """https://github.com/google-research/simclr, lars_optimizer.py, ``classic_momentum``."""

    def update(p: Numbers, grad: Numbers, v: Numbers, factor: float) -> tuple[Numbers, Numbers]:
        trust = 1.0
        if is_weight:
            grad = grad + decay * p
            trust = 0.001 * float(np.linalg.norm(p) / np.linalg.norm(grad))
        v = 0.9 * v + rate * factor * trust * grad
        return p - v, v

    return update


def apex(rate: float, decay: float) -> Update:
    """https://github.com/NVIDIA/apex, apex/parallel/LARC.py with clip=False over torch's SGD, as main_swav.py."""

    def update(p: Numbers, grad: Numbers, buffer: Numbers, factor: float) -> tuple[Numbers, Numbers]:
        size, change = np.linalg.norm(p), np.linalg.norm(grad)
        if size != 0 and change != 0:
            grad = (grad + decay * p) * (0.001 * size / (change + size * decay + 1e-8))
        buffer = 0.9 * buffer + grad
        return p - rate * factor * buffer, buffer

    return update


@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.5, 0.25)])
def test_barlow_twins_steps_weights_at_0_2_and_the_others_at_0_0048(factors: tuple[float, float]) -> None:
    """Times batch / 256 with batches of 2048; weight decay 1e-6 of weights alone."""
    found = moved("ssl/barlow_twins", factors)
    weight = written_out(barlow(0.2 * 2048 / 256, True, 1e-6), "weight", factors)
    assert np.allclose(found["weight"], weight, rtol=1e-12)
    for name in ("bias", "scale"):
        vector = written_out(barlow(0.0048 * 2048 / 256, False, 1e-6), name, factors)
        assert np.allclose(found[name], vector, rtol=1e-12)


def test_barlow_twins_loss_reaches_biases_and_normalization_layers_unscaled() -> None:
    """Their rate of 0.0048 is 0.2 times the 0.024 that the loss once had: one or the other, never both."""
    torch.manual_seed(0)
    learner = BarlowLearner(BACKBONES.build("tiny(width=4)"), (16, 8), 0.0051).double()
    views = [torch.randn(6, 3, 16, 16, dtype=torch.float64) for _ in range(2)]
    loss = learner.loss(views, torch.arange(6))

    def standardized(rows: Tensor) -> Tensor:
        return (rows - rows.mean(dim=0)) / (rows.var(dim=0, correction=0) + 1e-5).sqrt()

    first, second = (standardized(learner.online.head(learner.online.backbone(view))) for view in views)
    correlation = first.T @ second / 6
    off = correlation - torch.diag(correlation.diag())
    whole = (correlation.diag() - 1).square().sum() + 0.0051 * off.square().sum()
    assert loss.item() == pytest.approx(whole.item(), rel=1e-9)
    shifts = [one for one in learner.parameters() if one.ndim == 1]
    for ours, theirs in zip(torch.autograd.grad(loss, shifts), torch.autograd.grad(whole, shifts), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["swav", "deepcluster_v2", "sela_v2"])
@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.5, 0.25)])
def test_swavs_authors_adapt_and_decay_every_parameter(name: str, factors: tuple[float, float]) -> None:
    found = moved(f"ssl/{name}", factors)
    for parameter in STARTS:
        assert np.allclose(found[parameter], written_out(apex(4.8, 1e-6), parameter, factors), rtol=1e-10)


@pytest.mark.parametrize(("name", "rate", "decay"), [("simclr_v1", 4.8, 1e-6), ("simclr_v2", 6.4, 1e-4)])
def test_simclrs_learning_rate_enters_the_momentum(name: str, rate: float, decay: float) -> None:
    found = moved(f"ssl/{name}", (0.5, 0.25))
    for parameter in STARTS:
        expected = written_out(simclr(rate, parameter == "weight", decay), parameter, (0.5, 0.25))
        assert np.allclose(found[parameter], expected, rtol=1e-12)
    other = written_out(barlow(rate, True, decay), "weight", (0.5, 0.25))
    assert not np.allclose(found["weight"], other, rtol=1e-6)


def test_byols_learning_rate_scales_what_leaves_the_momentum() -> None:
    found = moved("ssl/byol", (0.5, 0.25))
    for parameter in STARTS:
        expected = written_out(barlow(0.2 * 4096 / 256, parameter == "weight", 1.5e-6), parameter, (0.5, 0.25))
        assert np.allclose(found[parameter], expected, rtol=1e-12)


def test_pirl_decays_weights_alone_and_the_others_of_its_time_everything() -> None:
    """VISSL: regularize_bn and regularize_bias are False; MoCo and the others give SGD all parameters."""
    for name, rate, of_vectors in [("pirl", 0.12, 0.0), ("moco_v1", 0.03, 1e-4), ("infomin", 0.03, 1e-4)]:
        found = moved(f"ssl/{name}")
        for parameter in STARTS:
            decay = 1e-4 if parameter == "weight" else of_vectors

            def update(
                p: Numbers, grad: Numbers, buffer: Numbers, factor: float, rate: float = rate, decay: float = decay
            ) -> tuple[Numbers, Numbers]:
                buffer = 0.9 * buffer + grad + decay * p
                return p - rate * buffer, buffer

            assert np.allclose(found[parameter], written_out(update, parameter), rtol=1e-12)


def test_the_trust_ratio_of_lars_is_of_gradient_and_decay_together_and_that_of_larc_of_each() -> None:
    def stepped(settings: Lars | Larc) -> float:
        weight = nn.Parameter(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
        weight.grad = torch.tensor([[0.0, 5.0]], dtype=torch.float64)
        build_optimizer(settings, [weight]).step()
        return float(weight.detach()[0, 0])

    # Decay 0.5: u = (1.5, 7), of length 7.159; |g| + decay * |w| = 5 + 2.5.
    assert stepped(Lars(1.0, 0.0, 0.5, 0.01)) == pytest.approx(3 - 0.01 * 5 / np.hypot(1.5, 7) * 1.5, rel=1e-9)
    assert stepped(Larc(1.0, 0.0, 0.5, 0.01)) == pytest.approx(3 - 0.01 * 5 / 7.5 * 1.5, rel=1e-8)


@pytest.mark.parametrize(
    ("settings", "from_zero", "at_rest"), [(Lars(1.0, 0.0, 0.5), -1.0, None), (Larc(1.0, 0.0, 0.5), -1.0, 3.0)]
)
def test_where_a_norm_is_zero_gradients_are_not_adapted(
    settings: Lars | Larc, from_zero: float, at_rest: float | None
) -> None:
    zero, still = (nn.Parameter(torch.full((1, 2), value, dtype=torch.float64)) for value in (0.0, 3.0))
    zero.grad, still.grad = torch.ones_like(zero), torch.zeros_like(still)
    build_optimizer(settings, [zero, still]).step()
    assert zero.detach()[0, 0] == from_zero
    # Without a gradient LARS still decays, adapted; LARC leaves the parameter alone.
    adapted = 3 - 0.5 * 3 * 0.001 * np.hypot(3, 3) / np.hypot(1.5, 1.5)
    assert still.detach()[0, 0] == pytest.approx(adapted if at_rest is None else at_rest, rel=1e-12)


@pytest.mark.parametrize("name", ["barlow_twins", "swav", "simclr_v1"])
def test_what_has_no_gradient_is_not_touched_and_a_state_goes_on(name: str) -> None:
    parameters, optimizer = named(f"ssl/{name}")
    parameters["weight"].grad = torch.ones(2, 2, dtype=torch.float64)
    optimizer.step()
    assert parameters["bias"].tolist() == STARTS["bias"]
    others, other = named(f"ssl/{name}")
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for of in (parameters, others):
        of["weight"].data = torch.ones(2, 2, dtype=torch.float64)
        of["weight"].grad = torch.full((2, 2), 0.5, dtype=torch.float64)
    optimizer.step()
    other.step()
    assert torch.equal(parameters["weight"], others["weight"])


def test_a_schedule_scales_both_rates_of_barlow_twins() -> None:
    """main.py, ``adjust_learning_rate``: 10 epochs of warm-up, and a cosine to a thousandth."""
    recipe = recipe_named("ssl/barlow_twins")
    _, optimizer = named("ssl/barlow_twins")
    schedule = build_schedule(recipe.schedule, optimizer, recipe.epochs, False)
    rates = []
    for _ in range(1000):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step(0.0)
    assert rates[10] == pytest.approx([1.6, 0.0384])
    assert rates[5] == pytest.approx([1.6 * 6 / 11, 0.0384 * 6 / 11])
    middle = 0.5 * (1 + np.cos(np.pi * 495 / 990))
    assert rates[505] == pytest.approx([rate * (0.001 + 0.999 * middle) for rate in (1.6, 0.0384)])
    assert rates[999] == pytest.approx([1.6e-3, 3.84e-5], rel=0.01)


@pytest.mark.parametrize("kind", [layer_adaptation.Lars, layer_adaptation.Larc])
def test_a_step_returns_the_loss_of_its_closure(kind: type[layer_adaptation.LayerAdaptation]) -> None:
    weight = nn.Parameter(torch.ones(3))
    optimizer = kind([weight], lr=0.1, momentum=0.9, weight_decay=0.0, trust=0.001)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (2 * weight).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    assert optimizer.step(closure) == 6.0
    assert optimizer.step() is None
    assert not torch.equal(weight.detach(), torch.ones(3))
