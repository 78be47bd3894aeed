"""Losses against closed forms worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lightning_modules.losses import BinaryCrossEntropy, CrossEntropy, Loss, SoftDice, Sum, build_loss
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.task import Task
from tests.lightning_modules.contract import recipe

NAN = math.nan


def of(loss: Loss, logits: Tensor, target: Tensor) -> Tensor:
    return loss.value(loss.statistics(logits, target).sum(0))


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_binary_cross_entropy_is_the_mean_over_labelled_entries_only() -> None:
    logits = torch.tensor([[logit(0.8), logit(0.3)], [logit(0.1), logit(0.6)]])
    target = torch.tensor([[1.0, NAN], [0.0, 1.0]])
    expected = -(math.log(0.8) + math.log(0.9) + math.log(0.6)) / 3
    assert float(of(BinaryCrossEntropy(), logits, target)) == pytest.approx(expected, rel=1e-6)


def test_a_soft_label_weighs_both_sides() -> None:
    found = of(BinaryCrossEntropy(), torch.tensor([[logit(0.8)]]), torch.tensor([[0.7]]))
    assert float(found) == pytest.approx(-0.7 * math.log(0.8) - 0.3 * math.log(0.2), rel=1e-6)


def test_binary_cross_entropy_of_large_logits_does_not_overflow() -> None:
    found = of(BinaryCrossEntropy(), torch.tensor([[500.0, -500.0]]), torch.tensor([[0.0, 0.0]]))
    assert float(found) == 250.0


def test_a_class_without_any_label_changes_nothing() -> None:
    logits, target = torch.randn(4, 3), torch.tensor([[1.0, NAN, 0.0]] * 4)
    found = of(BinaryCrossEntropy(), logits, target)
    assert torch.allclose(found, of(BinaryCrossEntropy(), logits[:, [0, 2]], target[:, [0, 2]]))


def test_missing_labels_get_no_gradient_at_all() -> None:
    logits = torch.randn(5, 3, requires_grad=True)
    target = torch.randint(2, (5, 3)).float()
    target[1, 2], target[:, 0] = NAN, NAN
    of(BinaryCrossEntropy(), logits, target).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad == 0, target.isnan())


def test_a_batch_without_labels_has_loss_zero_and_teaches_nothing() -> None:
    logits = torch.randn(2, 2, requires_grad=True)
    loss = of(BinaryCrossEntropy(), logits, torch.full((2, 2), NAN))
    loss.backward()
    assert float(loss) == 0
    assert logits.grad is not None and not logits.grad.any()


def test_cross_entropy_is_the_mean_negative_log_probability_of_the_right_class() -> None:
    probabilities = torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    found = of(CrossEntropy(), probabilities.log(), torch.tensor([0, 2]))
    assert float(found) == pytest.approx(-(math.log(0.7) + math.log(0.4)) / 2, rel=1e-6)


def test_soft_dice_pools_all_pixels_of_the_batch() -> None:
    probabilities = torch.tensor([[0.9, 0.2], [0.5, 0.4]])
    mask = torch.tensor([[1, 0], [1, 1]], dtype=torch.uint8)
    found = of(SoftDice(), probabilities.logit().reshape(2, 1, 1, 2), mask.reshape(2, 1, 1, 2))
    assert float(found) == pytest.approx(1 - (2 * (0.9 + 0.5 + 0.4) + 1) / (2.0 + 3 + 1), rel=1e-6)


def test_soft_dice_is_zero_for_a_perfect_prediction_and_for_rightly_empty_ones() -> None:
    mask = torch.tensor([[[[1, 0], [0, 1]]]])
    assert float(of(SoftDice(), 100 * (2.0 * mask - 1), mask)) == pytest.approx(0, abs=1e-6)
    assert float(of(SoftDice(), torch.full((1, 1, 2, 2), -100.0), torch.zeros(1, 1, 2, 2))) == pytest.approx(0)


def test_a_sum_is_the_sum_of_its_parts() -> None:
    logits, mask = torch.randn(3, 1, 4, 4), torch.randint(2, (3, 1, 4, 4), dtype=torch.uint8)
    both = of(Sum(BinaryCrossEntropy(), SoftDice()), logits, mask)
    assert torch.allclose(both, of(BinaryCrossEntropy(), logits, mask) + of(SoftDice(), logits, mask))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), SoftDice(), Sum(SoftDice(), BinaryCrossEntropy())])
def test_gradients_agree_with_finite_differences(loss: Loss) -> None:
    mask = torch.randint(2, (2, 1, 2, 3), generator=torch.Generator().manual_seed(0)).double()
    mask[0, 0, 0, 0] = 1
    logits = torch.randn(2, 1, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: of(loss, x, mask), logits)


MULTILABEL, MULTICLASS = Task("multilabel", ("a", "b")), Task("multiclass", ("a", "b"))
BINARY, SEGMENTATION = Task("binary", ("a",)), Task("segmentation", ("a",))


@pytest.mark.parametrize(
    ("chosen", "task", "expected"),
    [
        (recipe(), MULTILABEL, BinaryCrossEntropy),
        (recipe(), BINARY, BinaryCrossEntropy),
        (recipe(), MULTICLASS, CrossEntropy),
        (recipe(), SEGMENTATION, SoftDice),
        (recipe(loss="dice"), SEGMENTATION, SoftDice),
        (recipe(loss="bce"), SEGMENTATION, BinaryCrossEntropy),
        (recipe(loss="bce_dice"), SEGMENTATION, Sum),
    ],
)
def test_the_recipe_and_the_kind_of_task_choose_the_loss(chosen: Recipe, task: Task, expected: type) -> None:
    assert type(build_loss(chosen, task)) is expected


def test_a_segmentation_loss_is_refused_for_classification() -> None:
    with pytest.raises(UsageError, match=r'"dice" is for segmentation.*multilabel'):
        build_loss(recipe(loss="dice"), MULTILABEL)
