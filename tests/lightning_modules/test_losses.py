"""Losses against their definitions."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss
from torch.nn import functional as F

from lightning_modules.losses import cross_entropy, masked_bce, mean, segmentation_loss, segmentation_sums

NAN = math.nan


def test_binary_cross_entropy_is_the_mean_over_labelled_entries() -> None:
    logits = torch.tensor([[0.3, -1.2], [2.0, 0.0]], dtype=torch.float64)
    targets = torch.tensor([[1.0, NAN], [0.0, 1.0]], dtype=torch.float64)
    terms = [-math.log(1 / (1 + math.exp(-0.3))), -math.log(1 - 1 / (1 + math.exp(-2.0))), -math.log(0.5)]
    assert float(mean(masked_bce(logits, targets))) == pytest.approx(sum(terms) / 3)


def test_missing_labels_get_no_gradient_even_where_a_whole_class_is_missing() -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    targets = torch.tensor([[1.0, NAN, 0.0]] * 2 + [[NAN, NAN, 1.0]] * 2)
    mean(masked_bce(logits, targets)).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad == 0, torch.isnan(targets))


@pytest.mark.parametrize("shape", [(8, 1), (33, 14), (1, 3)], ids=str)
def test_a_batch_with_every_label_gives_the_very_numbers_of_picked_entries(shape: tuple[int, int]) -> None:
    logits, targets = torch.randn(shape), (torch.rand(shape) < 0.5).float()
    whole, picked = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    every = torch.ones(shape, dtype=torch.bool)
    one = masked_bce(whole, targets)[0]
    other = F.binary_cross_entropy_with_logits(picked[every], targets[every], reduction="sum")
    one.backward()
    other.backward()
    assert torch.equal(one, other)
    assert torch.equal(whole.grad, picked.grad)  # type: ignore[arg-type]


def test_a_batch_without_any_label_costs_nothing() -> None:
    logits = torch.randn(2, 2, requires_grad=True)
    loss = mean(masked_bce(logits, torch.full((2, 2), NAN)))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not logits.grad.any()  # type: ignore[union-attr]


def test_cross_entropy_equals_scikit_learns() -> None:
    logits, targets = torch.randn(20, 4, dtype=torch.float64), torch.arange(20) % 4
    assert float(mean(cross_entropy(logits, targets))) == pytest.approx(log_loss(targets, logits.softmax(1)))


def test_soft_dice_is_that_of_the_benchmark() -> None:
    probabilities = torch.tensor([0.9, 0.2, 0.6, 0.1], dtype=torch.float64)
    mask = torch.tensor([1, 0, 1, 1], dtype=torch.uint8)
    sums = segmentation_sums(torch.logit(probabilities).view(1, 1, 2, 2), mask.view(1, 1, 2, 2))
    dice = (2 * (0.9 + 0.6 + 0.1) + 1) / (1.8 + 3 + 1)
    bce = -(math.log(0.9) + math.log(0.8) + math.log(0.6) + math.log(0.1)) / 4
    assert float(segmentation_loss(sums, "dice")) == pytest.approx(1 - dice)
    assert float(segmentation_loss(sums, "bce")) == pytest.approx(bce)
    assert float(segmentation_loss(sums, "bce_dice")) == pytest.approx(1 - dice + bce)


@pytest.mark.parametrize("cuts", [(1,) * 6, (2, 4), (5, 1)])
def test_an_epochs_loss_does_not_depend_on_how_it_is_cut_into_batches(cuts: tuple[int, ...]) -> None:
    logits = torch.randn(6, 3, dtype=torch.float64)
    targets = (torch.rand(6, 3) < 0.5).double().masked_fill(torch.rand(6, 3) < 0.4, NAN)
    parts = zip(logits.split(cuts), targets.split(cuts), strict=True)
    total = torch.stack([masked_bce(*part) for part in parts]).sum(0)
    torch.testing.assert_close(mean(total), mean(masked_bce(logits, targets)))
    maps, masks = torch.randn(6, 1, 5, 5, dtype=torch.float64), torch.rand(6, 1, 5, 5) < 0.3
    pieces = zip(maps.split(cuts), masks.split(cuts), strict=True)
    pooled = torch.stack([segmentation_sums(*piece) for piece in pieces]).sum(0)
    whole = segmentation_sums(maps, masks)
    torch.testing.assert_close(segmentation_loss(pooled, "dice"), segmentation_loss(whole, "dice"))
