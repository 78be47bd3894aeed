"""Heads that are solved: the optimum that scikit-learn finds by other means, and the neighbours that one can count."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from lightning_modules.adapting.logistic import regressions
from lightning_modules.adapting.solved import Known, SolvedHead
from lightning_modules.neighbours import NeighbourHead, neighbour_shares
from specs.errors import RunError
from specs.registry import ADAPTATIONS
from specs.task import Task

FINDINGS = Task("multilabel", ("a", "b"))
CLASSES = Task("multiclass", ("x", "y", "z"))


def features(images: int, length: int, seed: int = 0) -> torch.Tensor:
    """Correlated features of different sizes, as a network's are."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(images, length, generator=generator) @ torch.randn(length, length, generator=generator)
    return mixed * torch.logspace(-2, 2, length) + 5


def scaled(values: torch.Tensor) -> NDArray[np.float64]:
    exact = values.double().numpy()
    return np.asarray((exact - exact.mean(axis=0)) / exact.std(axis=0))


def sklearn_loss(x: NDArray[np.float64], y: NDArray[np.float64], penalty: float, classes: int | None = None) -> float:
    """The objective at scikit-learn's optimum: mean loss + penalty / 2 |w|^2."""
    solver = "lbfgs" if classes else "newton-cholesky"
    model = LogisticRegression(C=1 / (penalty * len(x)), tol=1e-10, max_iter=100_000, solver=solver).fit(x, y)
    probability = model.predict_proba(x)[np.arange(len(x)), y.astype(int)]
    return float(-np.log(probability).mean() + penalty / 2 * np.square(model.coef_).sum())


@pytest.mark.parametrize(("images", "length"), [(120, 10), (30, 60)])
@pytest.mark.parametrize("penalty", [10.0, 0.1, 1e-3, 1e-6])
def test_findings_are_solved_to_scikit_learns_optimum(images: int, length: int, penalty: float) -> None:
    x = features(images, length)
    noise = torch.randn(images, 2, generator=torch.Generator().manual_seed(1))
    y = (x[:, :2] - x[:, :2].mean(dim=0) + noise * x[:, :2].std(dim=0) > 0).float()
    (found,) = regressions(x, y, [penalty], None)
    expected = sum(sklearn_loss(scaled(x), y[:, finding].numpy(), penalty) for finding in range(2))
    assert found.loss == pytest.approx(expected, abs=1e-5)
    logits = x.double() @ found.weight.T + found.bias
    own = torch.nn.functional.binary_cross_entropy_with_logits(logits, y.double(), reduction="none").mean(dim=0).sum()
    in_scale = (found.weight * x.double().std(dim=0, correction=0)).square().sum()
    assert float(own + penalty / 2 * in_scale) == pytest.approx(found.loss, abs=1e-9)


@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_classes_are_solved_to_scikit_learns_optimum(penalty: float) -> None:
    x = features(150, 12)
    y = torch.from_numpy(np.digitize(x[:, 0].numpy(), np.quantile(x[:, 0].numpy(), [0.3, 0.7])))
    (found,) = regressions(x, y, [penalty], 3)
    assert found.loss == pytest.approx(sklearn_loss(scaled(x), y.numpy(), penalty, 3), abs=1e-5)


def test_a_penalty_is_solved_alike_alone_and_after_others() -> None:
    x = features(60, 8)
    y = (x[:, :1] > x[:, :1].median()).float()
    alone = next(iter(regressions(x, y, [1e-3], None)))
    after = list(regressions(x, y, [10.0, 0.1, 1e-3], None))[-1]
    assert after.loss == pytest.approx(alone.loss, abs=1e-8)
    torch.testing.assert_close(after.weight, alone.weight, rtol=1e-3, atol=1e-6)


def test_images_without_a_label_do_not_count_for_that_finding() -> None:
    x = features(80, 6)
    y = (x[:, :2] > x[:, :2].median(dim=0).values).float()
    missing = y.clone()
    missing[::4, 1] = torch.nan
    (found,) = regressions(x, missing, [0.1], None)
    (whole,) = regressions(x, y, [0.1], None)
    torch.testing.assert_close(found.weight[0], whole.weight[0], rtol=1e-4, atol=1e-7)
    exact = (x.double() - x.double().mean(dim=0)) / x.double().std(dim=0, correction=0)
    labelled = ~missing[:, 1].isnan()
    model = LogisticRegression(C=1 / (0.1 * int(labelled.sum())), tol=1e-10, max_iter=100_000)
    model.fit(exact[labelled].numpy(), missing[labelled, 1].numpy())
    in_scale = found.weight[1] * x.double().std(dim=0, correction=0)
    np.testing.assert_allclose(in_scale.numpy(), model.coef_[0], atol=1e-4)


def test_constant_features_and_a_single_class_are_no_obstacle() -> None:
    x = torch.cat([features(20, 3), torch.full((20, 2), 7.0)], dim=1)
    y = torch.stack([torch.ones(20), (torch.arange(20) % 2).float()], dim=1)
    (found,) = regressions(x, y, [0.1], None)
    assert torch.equal(found.weight[:, 3:], torch.zeros(2, 2, dtype=torch.float64))
    assert bool(((x.double() @ found.weight.T + found.bias)[:, 0] > 5).all())


def test_a_finding_that_no_image_has_a_label_of_gets_no_weight() -> None:
    x = features(20, 3)
    y = torch.stack([torch.full((20,), torch.nan), (torch.arange(20) % 2).float()], dim=1)
    (found,) = regressions(x, y, [0.1], None)
    (alone,) = regressions(x, y[:, 1:], [0.1], None)
    assert not found.weight[0].any() and not found.bias[0]
    assert torch.equal(found.weight[1], alone.weight[0])


def test_many_penalties_on_separable_classes_are_all_solved() -> None:
    x = features(60, 40)
    y = torch.arange(60) % 4
    solved = list(regressions(x, y, [10.0**-power for power in range(9)], 4))
    assert [one.penalty for one in solved] == [10.0**-power for power in range(9)]
    assert all(later.loss < earlier.loss for earlier, later in pairwise(solved))
    assert solved[-1].loss == pytest.approx(next(regressions(x, y, [1e-8], 4)).loss, abs=1e-9)


def test_features_that_are_not_finite_are_told() -> None:
    x = features(20, 3)
    x[0, 0] = torch.inf
    with pytest.raises(RunError, match=r"the features of 1 of 20 images are not finite"):
        Known(x, torch.ones(20, 1))


@pytest.mark.parametrize("task", [FINDINGS, CLASSES], ids=["findings", "classes"])
def test_the_penalty_is_chosen_by_the_validation_images(task: Task) -> None:
    probe: SolvedHead = ADAPTATIONS.build("probe(penalties=[0.01, 10.0, 1.0])")
    head, x = probe.head(6, task), features(60, 6)
    y = torch.arange(60) % 3 if task is CLASSES else (x[:, :2] > x[:, :2].median(dim=0).values).float()
    scores = iter([0.2, 0.7, 0.7])
    kept: list[torch.Tensor] = []

    def judge(module: torch.nn.Module) -> float:
        kept.append(module[1].weight.detach().clone())  # type: ignore[index, operator, union-attr]
        return next(scores)

    tried = probe.solve(head, Known(x, y), task, judge)
    assert [one["penalty"] for one in tried] == [10.0, 1.0, 0.01]
    assert [one["chosen"] for one in tried] == [False, True, False]  # of equal ones, the largest
    assert torch.equal(head[1].weight, kept[1])  # type: ignore[index, union-attr]


def test_an_undefined_score_is_the_worst() -> None:
    knn: SolvedHead = ADAPTATIONS.build("knn(neighbours=[1, 2, 3])")
    head, scores = knn.head(4, FINDINGS), iter([float("nan"), 0.1, 0.05])
    tried = knn.solve(head, Known(features(9, 4), torch.ones(9, 2)), FINDINGS, lambda _: next(scores))
    assert [(one["neighbours"], one["validation"], one["chosen"]) for one in tried] == [
        (1, None, False), (2, 0.1, True), (3, 0.05, False),
    ]  # fmt: skip


def test_the_neighbours_that_vote_are_scikit_learns_with_weights_by_the_formula() -> None:
    bank, images = features(40, 5), features(7, 5, seed=1)
    labels = torch.arange(40) % 3
    found = neighbour_shares(images, bank, labels, CLASSES, neighbours=6)
    distances, nearest = NearestNeighbors(n_neighbors=6, metric="cosine").fit(bank.double()).kneighbors(images.double())
    weights = np.exp((1 - distances) / 0.07)
    for number in range(7):
        votes = np.bincount(labels[nearest[number]], weights[number], minlength=3)
        np.testing.assert_allclose(found[number].numpy(), votes / votes.sum(), rtol=1e-9)


def test_neighbours_without_a_label_do_not_vote() -> None:
    bank = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    labels = torch.tensor([[1.0, torch.nan], [0.0, torch.nan], [0.0, torch.nan]])
    found = neighbour_shares(torch.tensor([[1.0, 0.0]]), bank, labels, FINDINGS, neighbours=2)
    np.testing.assert_allclose(found.numpy(), [[0.5, 0.5]])


@pytest.mark.parametrize("task", [FINDINGS, CLASSES], ids=["findings", "classes"])
def test_a_head_of_neighbours_comes_back_from_its_state(task: Task) -> None:
    head, x = NeighbourHead(5, task), features(30, 5)
    head.remember(x, torch.arange(30) % 3 if task is CLASSES else (x[:, :2] > 5).float())
    head.ask(4)
    other = NeighbourHead(5, task)
    other.load_state_dict(head.state_dict())
    assert torch.equal(other(x[:6]), head(x[:6]))
    assert bool(other(x).isfinite().all())
    probabilities = head(x).softmax(dim=1) if task is CLASSES else head(x).sigmoid()
    shares = neighbour_shares(x, head.bank, head.labels, task, 4)
    torch.testing.assert_close(probabilities.double(), shares, atol=1e-5, rtol=1e-4)
    with pytest.raises(RuntimeError, match=r"size mismatch|shape"):
        NeighbourHead(7, task).load_state_dict({**head.state_dict(), "labels": torch.zeros(3, 3, 3)})
