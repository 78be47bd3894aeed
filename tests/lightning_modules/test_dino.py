"""DINO against its definition: who predicts whom, the teacher's temperature and center, and what is frozen."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lightning_modules.self_supervision.dino import DinoLearner, Outputs
from specs.errors import UsageError
from specs.registry import BACKBONES, METHODS
from tests.lightning_modules.distinct import INDEX, images, learner, unit, views

NOTHING = torch.Generator()


def made(more: str = "") -> DinoLearner:
    found = learner(f"dino(dimensions=4, hidden=8, outputs=6{more})")
    assert isinstance(found, DinoLearner)
    return found


def transformer(size: int) -> DinoLearner:
    torch.manual_seed(0)
    network = BACKBONES.build(f'timm("vit_tiny_patch16_224", image_size={size}, patch_size=4)')
    found = METHODS.build("dino(dimensions=4, hidden=8, outputs=6)").learner(network, 8)
    assert isinstance(found, DinoLearner)
    return found


def scored(encoder: nn.Module, outputs: nn.Module, given: list[Tensor]) -> list[Tensor]:
    """The scores of two views of one size, which share batch statistics, and of further ones of another size."""
    large, *small = [torch.cat(given[:2]), *([torch.cat(given[2:])] if given[2:] else [])]
    features = torch.cat([encoder.backbone(batch) for batch in (large, *small)])  # type: ignore[operator]
    rows = unit(encoder.head(features)) @ unit(outputs.layer.weight).T  # type: ignore[operator, union-attr, arg-type]
    return list(rows.detach().split(len(INDEX)))


def softmax(row: list[float], temperature: float) -> list[float]:
    powers = [math.exp(value / temperature) for value in row]
    return [power / sum(powers) for power in powers]


def test_every_view_predicts_the_teachers_other_large_one() -> None:
    """Caron et al. 2021, equations 1 to 4: small crops predict both large ones, these each other."""
    method, given = made(", first_temperature=0.05, last_temperature=0.05"), views(16, 16, 8, 8)
    with torch.no_grad():
        method.center.copy_(torch.linspace(-0.2, 0.3, 6))
    student = scored(method.online, method.outputs, given)
    teacher = scored(method.target.network, method.target_outputs.network, given[:2])
    terms = []
    for q in range(2):
        for v in range(4):
            if v == q:
                continue
            for told, wanted in zip(student[v].tolist(), (teacher[q] - method.center).tolist(), strict=True):
                shares, guessed = softmax(wanted, 0.05), softmax(told, 0.1)
                terms.append(-sum(p * math.log(s) for p, s in zip(shares, guessed, strict=True)))
    assert len(terms) == 6 * len(INDEX)
    assert method.loss(given, INDEX).item() == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_the_center_follows_the_mean_of_the_teachers_scores_after_the_step() -> None:
    """Caron et al. 2021, equation 4."""
    method, given = made(), views(16, 16, 8)
    with torch.no_grad():
        method.center.copy_(torch.linspace(-0.2, 0.3, 6))
    before = method.center.clone()
    method.loss(given, INDEX)
    assert torch.equal(method.center, before)
    mean = torch.cat(scored(method.target.network, method.target_outputs.network, given[:2])).mean(dim=0)
    method.after_step(0.0)
    assert torch.allclose(method.center, 0.9 * before + 0.1 * mean, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.004), (0.5, 0.002), (0.75, 0.004 * (1 - 2**-0.5) / 2)])
def test_teacher_and_its_outputs_follow_by_a_cosine_from_0_996(progress: float, share: float) -> None:
    """Caron et al. 2021, section 3.1; main_dino.py, ``momentum_schedule``."""
    method = made()
    pairs = [(method.target, method.online), (method.target_outputs, method.outputs)]
    before = [[one.clone() for one in slow.parameters()] for slow, _ in pairs]
    method.after_step(progress)
    for kept, (slow, fast) in zip(before, pairs, strict=True):
        for old, now, leader in zip(kept, slow.parameters(), fast.parameters(), strict=True):
            assert torch.allclose(now, (1 - share) * old + share * leader, rtol=0, atol=1e-12)


def test_the_teachers_temperature_rises_linearly_over_the_first_epochs() -> None:
    """main_dino.py, ``teacher_temp_schedule``: np.linspace, then the last value."""
    method = made(", first_temperature=0.04, last_temperature=0.07, warmup=30")
    found = []
    for epoch in range(33):
        method.before_epoch(epoch, lambda rows_of: rows_of(torch.zeros(0)), NOTHING)
        found.append(method.target_temperature)
    assert found == pytest.approx([*np.linspace(0.04, 0.07, 30), 0.07, 0.07, 0.07])
    assert made().target_temperature == 0.04


def test_outputs_are_frozen_in_the_first_epoch_and_gradients_are_limited_tensor_by_tensor() -> None:
    method, given = made(), views(16, 16)
    for epoch in (0, 1):
        method.zero_grad()
        method.before_epoch(epoch, lambda rows_of: rows_of(torch.zeros(0)), NOTHING)
        method.loss(given, INDEX).backward()
        raw = {key: one.grad.clone() for key, one in method.named_parameters() if one.grad is not None}
        largest = method.clip = torch.stack([gradient.norm() for gradient in raw.values()]).median().item()
        method.before_step(epoch)
        assert (method.outputs.layer.weight.grad is None) == (epoch == 0)
        kept = {key: one.grad for key, one in method.named_parameters() if one.grad is not None}
        assert {gradient.norm().item() > largest for gradient in raw.values()} == {True, False}
        for key, gradient in kept.items():
            # utils.py, clip_gradients: clip / (norm + 1e-6), where that is below 1
            expected = raw[key] * min(1.0, largest / (raw[key].norm().item() + 1e-6))
            assert torch.allclose(gradient, expected, rtol=1e-9, atol=1e-15), key


def test_without_a_limit_gradients_stay() -> None:
    method = made(", clip=None, frozen=0")
    method.loss(views(16, 16), INDEX).backward()
    raw = {key: one.grad.clone() for key, one in method.named_parameters() if one.grad is not None}
    method.before_step(0)
    assert all(torch.equal(raw[key], one.grad) for key, one in method.named_parameters() if one.grad is not None)


def test_scores_are_cosines_whatever_the_lengths_of_the_weights() -> None:
    outputs, rows = Outputs(4, 9), unit(torch.randn(5, 4))
    before = outputs(rows)
    with torch.no_grad():
        outputs.layer.weight.mul_(torch.rand(9, 1) + 0.5)
    assert torch.allclose(outputs(rows), before, atol=1e-6)
    assert before.abs().max() <= 1 + 1e-6
    assert torch.allclose(outputs(unit(outputs.layer.weight)).diagonal(), torch.ones(9))


def test_the_head_begins_with_small_weights_and_no_biases() -> None:
    """vision_transformer.py, ``DINOHead._init_weights``: a standard deviation of 0.02."""
    torch.manual_seed(0)
    head = METHODS.build("dino(hidden=256, outputs=6)").learner(BACKBONES.build("tiny(width=4)"), 8).online.head
    for layer in head:  # type: ignore[union-attr]
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert not layer.bias.any()


def test_a_transformer_takes_small_crops_and_learns_from_them() -> None:
    method = transformer(16)
    loss = method.loss([images(4, size, size).float() for size in (16, 16, 8, 8)], torch.arange(4))
    loss.backward()
    positions = method.backbone.network.pos_embed
    assert isinstance(positions, nn.Parameter) and positions.grad is not None
    assert (positions.grad.abs().sum(dim=2) > 0).all()
    whole = BACKBONES.build('timm("vit_tiny_patch16_224", image_size=16, patch_size=4)')
    whole.network.load_state_dict(method.backbone.network.state_dict())
    picture = images(2, 16, 5).float()
    assert torch.equal(method.backbone(picture), whole(picture))


def test_views_that_the_network_does_not_take_are_refused() -> None:
    with pytest.raises(UsageError, match="a multiple of the network's patches of 4 pixels, found 10"):
        transformer(16).loss([images(4, size, 1).float() for size in (16, 16, 10)], torch.arange(4))
    network = BACKBONES.build("tiny(width=4)")
    network.image_size = 16
    method = METHODS.build("dino(dimensions=4, hidden=8, outputs=6)").learner(network, 8)
    with pytest.raises(UsageError, match="dino: the network takes images of 16 pixels only, found views of 8, 16"):
        method.loss([images(4, size, 1).float() for size in (16, 16, 8)], torch.arange(4))


def test_the_teacher_is_what_is_kept() -> None:
    method = made()
    assert method.kept is method.target.network
    assert method.kept.backbone is not method.backbone
