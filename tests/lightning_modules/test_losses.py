"""Losses against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch.nn import functional as F

from lightning_modules.losses import cross_entropy, masked_bce, mean, segmentation_loss, segmentation_sums
from specs.task import IGNORED

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


@pytest.mark.parametrize("ignored", [0.0, 0.3])
def test_of_several_classes_soft_dice_is_the_mean_over_them_and_ignored_pixels_are_nowhere(ignored: float) -> None:
    logits = torch.randn(2, 4, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    generator = np.random.default_rng(1)
    mask = generator.integers(0, 4, (2, 5, 5))
    labelled = generator.random((2, 5, 5)) >= ignored
    stored = torch.from_numpy(np.where(labelled, mask, IGNORED).astype(np.uint8))[:, None]
    sums = segmentation_sums(logits, stored)
    probability = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(axis=1, keepdims=True)
    each = []
    for number in (1, 2, 3):
        found, truth = probability[:, number][labelled], (mask == number)[labelled]
        each.append(1 - (2 * (found * truth).sum() + 1) / (found.sum() + truth.sum() + 1))
    of_pixels = np.moveaxis(probability, 1, -1)[labelled]
    entropy = log_loss(mask[labelled], of_pixels, labels=range(4))
    assert float(segmentation_loss(sums, "dice")) == pytest.approx(np.mean(each), abs=1e-12)
    assert float(segmentation_loss(sums, "bce")) == pytest.approx(entropy, abs=1e-12)
    assert float(segmentation_loss(sums, "bce_dice")) == pytest.approx(np.mean(each) + entropy, abs=1e-12)


def test_of_one_class_ignored_pixels_are_nowhere_either() -> None:
    logits, mask = torch.randn(2, 1, 4, 4, dtype=torch.float64), torch.rand(2, 1, 4, 4) < 0.4
    stored = mask.to(torch.uint8)
    stored[:, :, 2:] = IGNORED
    whole = segmentation_sums(logits[:, :, :2], mask[:, :, :2].to(torch.uint8))
    torch.testing.assert_close(segmentation_sums(logits, stored), whole)


def test_where_nothing_is_labelled_nothing_is_learned() -> None:
    for outputs in (1, 3):
        logits = torch.randn(1, outputs, 3, 3, requires_grad=True)
        sums = segmentation_sums(logits, torch.full((1, 1, 3, 3), IGNORED, dtype=torch.uint8))
        segmentation_loss(sums, "bce_dice").backward()
        assert not logits.grad.any()  # type: ignore[union-attr]


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
