"""The parts of the self-supervised methods against the papers' definitions, written out term by term."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional

from lightning_modules.self_supervision.bank import MemoryBank
from lightning_modules.self_supervision.byol import regression
from lightning_modules.self_supervision.clustering import soft_cross_entropy
from lightning_modules.self_supervision.contrastive import info_nce, noise_contrastive, nt_xent, one_against_noise
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.momentum import MomentumEncoder
from lightning_modules.self_supervision.queue import KeyQueue
from lightning_modules.self_supervision.redundancy import barlow_twins
from lightning_modules.self_supervision.sinkhorn import sinkhorn
from specs.errors import UsageError
from specs.recipe_parts import Views
from specs.registry import METHODS


def drawn(rows: int, columns: int, seed: int) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def directions(rows: int, dimensions: int, seed: int) -> Tensor:
    return functional.normalize(drawn(rows, dimensions, seed), dim=1).requires_grad_()


def test_nt_xent_is_equation_1_of_simclr_pair_by_pair() -> None:
    first, second, temperature = directions(5, 7, 1), directions(5, 7, 2), 0.3
    z = torch.cat([first, second]).detach().numpy()
    total = 0.0
    for i in range(10):
        j = (i + 5) % 10
        others = [math.exp(float(z[i] @ z[k]) / temperature) for k in range(10) if k != i]
        total -= math.log(math.exp(float(z[i] @ z[j]) / temperature) / sum(others))
    assert nt_xent(first, second, temperature).item() == pytest.approx(total / 10, rel=1e-12)
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, temperature), (first, second))


def test_info_nce_is_equation_1_of_moco_and_only_the_query_learns() -> None:
    query, key, negatives, temperature = directions(4, 6, 1), directions(4, 6, 2), directions(9, 6, 3), 0.2
    q, k, n = (one.detach().numpy() for one in (query, key, negatives))
    lost = []
    for i in range(4):
        right = math.exp(q[i] @ k[i] / temperature)
        lost.append(-math.log(right / (right + sum(math.exp(q[i] @ one / temperature) for one in n))))
    loss = info_nce(query, key, negatives, temperature)
    assert loss.item() == pytest.approx(np.mean(lost), rel=1e-12)
    loss.backward()
    assert query.grad is not None
    assert key.grad is None
    assert negatives.grad is None


def test_noise_contrastive_estimation_is_equations_6_to_8_of_insdis() -> None:
    right = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64, requires_grad=True)
    noise, n, m, z = drawn(3, 4, 0).requires_grad_(), 50, 4, 30.0
    total = 0.0
    for i in range(3):
        p = math.exp(right[i].item()) / z
        total -= math.log(p / (p + m / n))
        for one in noise[i].tolist():
            p = math.exp(one) / z
            total -= math.log(1 - p / (p + m / n))
    normalizer = torch.tensor(z, dtype=torch.float64)
    assert noise_contrastive(right, noise, n, normalizer).item() == pytest.approx(total / 3, rel=1e-12)
    assert torch.autograd.gradcheck(lambda a, b: noise_contrastive(a, b, n, normalizer), (right, noise))


def test_pirls_loss_is_equations_3_and_4() -> None:
    right, noise = torch.tensor([1.0, -0.5], dtype=torch.float64, requires_grad=True), drawn(2, 3, 0).requires_grad_()
    total = 0.0
    for i in range(2):
        scores = [math.exp(right[i].item()), *(math.exp(one) for one in noise[i].tolist())]
        shares = [one / sum(scores) for one in scores]
        total -= math.log(shares[0]) + sum(math.log(1 - one) for one in shares[1:])
    assert one_against_noise(right, noise).item() == pytest.approx(total / 2, rel=1e-9)
    assert torch.autograd.gradcheck(one_against_noise, (right, noise))


def test_byols_loss_is_the_squared_distance_of_directions() -> None:
    a, b = drawn(4, 5, 1), drawn(4, 5, 2)
    distance = (functional.normalize(a, dim=1) - functional.normalize(b, dim=1)).square().sum(dim=1).mean()
    assert regression(a, b).item() == pytest.approx(distance.item(), rel=1e-12)


def test_barlow_twins_is_algorithm_1_entry_by_entry() -> None:
    a, b = drawn(6, 3, 1).requires_grad_(), drawn(6, 3, 2).requires_grad_()
    values = [one.detach().numpy() for one in (a, b)]
    x, y = ((one - one.mean(0)) / np.sqrt(one.var(0) + 1e-5) for one in values)
    total = 0.0
    for i in range(3):
        for j in range(3):
            c = sum(x[row, i] * y[row, j] for row in range(6)) / 6
            total += (1 - c) ** 2 if i == j else 0.1 * c**2
    assert barlow_twins(a, b, 0.1).item() == pytest.approx(total, rel=1e-12)
    assert torch.autograd.gradcheck(lambda p, q: barlow_twins(p, q, 0.1), (a, b))


def test_a_swapped_prediction_is_the_mean_cross_entropy() -> None:
    scores = torch.tensor([[0.5, -0.5], [0.1, 0.3]], dtype=torch.float64)
    targets = torch.tensor([[0.9, 0.1], [0.5, 0.5]], dtype=torch.float64)
    exponentials = np.exp(scores.numpy() / 0.1)
    expected = -(targets.numpy() * np.log(exponentials / exponentials.sum(1, keepdims=True))).sum(1).mean()
    assert soft_cross_entropy(scores, targets, 0.1).item() == pytest.approx(expected)


@given(st.integers(2, 20), st.integers(2, 6), st.integers(0, 1000))
def test_sinkhorns_rows_add_up_to_one_and_its_columns_become_equal(rows: int, columns: int, seed: int) -> None:
    shares = sinkhorn(drawn(rows, columns, seed).tanh(), 0.5, 300)
    assert torch.allclose(shares.sum(dim=1), torch.ones(rows, dtype=torch.float64))
    assert torch.allclose(shares.sum(dim=0), torch.full((columns,), rows / columns, dtype=torch.float64), atol=1e-4)


@pytest.mark.parametrize("iterations", [1, 3])
def test_sinkhorn_is_the_loop_of_swavs_code(iterations: int) -> None:
    """https://github.com/facebookresearch/swav, main_swav.py, ``distributed_sinkhorn``: prototypes first."""
    scores = drawn(6, 4, 5)
    q = np.exp(scores.numpy().T / 0.05)  # (K, B)
    q /= q.sum()
    for _ in range(iterations):
        q = q / q.sum(axis=1, keepdims=True) / 4
        q = q / q.sum(axis=0, keepdims=True) / 6
    assert np.allclose(sinkhorn(scores, 0.05, iterations).numpy(), 6 * q.T, rtol=1e-9)


def test_sinkhorn_of_little_entropy_is_the_best_assignment_with_equal_shares() -> None:
    scores = drawn(6, 3, 3)
    shares = sinkhorn(scores, 0.01, 5000)
    rows, places = linear_sum_assignment(-np.repeat(scores.numpy(), 2, axis=1))  # two places in each cluster
    best = dict(zip(rows.tolist(), places.tolist(), strict=True))
    assert shares.argmax(dim=1).tolist() == [best[row] // 2 for row in range(6)]


def test_sinkhorn_survives_scores_of_any_size() -> None:
    assert sinkhorn(torch.tensor([[1000.0, -1000.0], [999.0, 1000.0]]), 0.05, 3).isfinite().all()


def test_a_method_says_how_many_views_it_takes() -> None:
    METHODS.build("swav").check_views((Views(2, 32, ()), Views(6, 16, ())))
    METHODS.build("byol").check_views((Views(1, 32, ()), Views(1, 32, ())))
    METHODS.build("byol").check_views(())
    for method, views, message in [
        ("swav", (Views(1, 32, ()),), "takes at least 2 views of an image, found 1"),
        ("byol", (Views(3, 32, ()),), "takes 2 views of an image, found 3"),
        ("insdis", (Views(2, 32, ()),), "takes 1 views of an image, found 2"),
        ("pirl", (Views(1, 32, ()),), "takes 2 views of an image, found 1"),
        ("infomin", (Views(2, 32, ()),), "takes 3 views of an image, found 2"),
    ]:
        with pytest.raises(UsageError, match=message):
            METHODS.build(method).check_views(views)


def test_a_momentum_encoder_moves_by_exactly_its_share_and_takes_no_gradient() -> None:
    leader = mlp(3, 4, 2, norm=True).double()
    encoder = MomentumEncoder(leader)
    before = {name: one.clone() for name, one in encoder.network.named_parameters()}
    with torch.no_grad():
        for parameter in leader.parameters():
            parameter.add_(1.0)
    encoder.follow(leader, 0.9)
    for name, one in encoder.network.named_parameters():
        assert torch.allclose(one, before[name] + 0.1, rtol=0, atol=1e-12)
    assert not encoder(torch.randn(5, 3, dtype=torch.float64)).requires_grad
    assert all(not one.requires_grad for one in encoder.parameters())


def test_a_queue_forgets_the_oldest_first() -> None:
    queue = KeyQueue(5, 2)
    for start in (0, 3, 6):
        queue.push(torch.arange(start, start + 3).repeat(2, 1).T.float())
    assert sorted(queue.keys[:, 0].tolist()) == [4, 5, 6, 7, 8]
    queue.push(torch.arange(20.0).repeat(2, 1).T)
    assert sorted(queue.keys[:, 0].tolist()) == [15, 16, 17, 18, 19]


def test_a_memory_moves_towards_new_embeddings_on_the_sphere() -> None:
    bank = MemoryBank(4, 3, momentum=0.5).double()
    before, new = bank.entries.clone(), directions(2, 3, 5).detach()
    bank.update(torch.tensor([3, 1]), new)
    assert torch.allclose(bank.entries[3], functional.normalize(0.5 * before[3] + 0.5 * new[0], dim=0))
    assert torch.equal(bank.entries[[0, 2]], before[[0, 2]])
    assert torch.allclose(bank.entries.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_heads_have_the_layers_that_are_asked_for() -> None:
    norm = nn.BatchNorm1d
    whole = mlp(4, 8, 8, 2, norm=True, last_norm=True)
    assert [type(layer) for layer in whole] == [nn.Linear, norm, nn.ReLU, nn.Linear, norm, nn.ReLU, nn.Linear, norm]
    assert [type(layer) for layer in mlp(4, 2)] == [nn.Linear]


def test_biases_are_where_no_normalization_takes_them_away_and_the_last_norm_has_a_scale_alone() -> None:
    def biased(head: nn.Sequential) -> list[bool]:
        return [layer.bias is not None for layer in head if isinstance(layer, nn.Linear)]

    assert biased(mlp(4, 8, 2)) == [True, True]
    assert biased(mlp(4, 8, 2, norm=True)) == [False, True]
    assert biased(mlp(4, 8, 2, norm=True, bias=False)) == [False, False]
    last = mlp(4, 8, 2, norm=True, last_norm=True)
    assert biased(last) == [False, False]
    assert last[-1].weight.requires_grad
    assert not last[-1].bias.requires_grad
    assert not last[-1].bias.any()
