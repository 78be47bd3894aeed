"""Gabor filters in the first convolution: their form, their scale, and that nothing else changes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from backbones.networks.contract import Backbone
from initializers.gabor import FREQUENCIES, gabor_bank
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny


class TestGabor(InitializerContract):
    expression = "gabor"
    depends_on_the_seed = True


class TestGaborAtAnothersScale(InitializerContract):
    expression = 'gabor(scale_of=file("{folder}/weights.safetensors"))'
    depends_on_the_seed = True

    def prepare(self, folder: Path) -> None:
        save_file(tiny().draw(seeded(3)), folder / "weights.safetensors")


class TestGaborOverAFile(InitializerContract):
    expression = 'gabor(file("{folder}/weights.safetensors"))'

    def prepare(self, folder: Path) -> None:
        save_file(tiny().draw(seeded(3)), folder / "weights.safetensors")


def test_only_the_first_convolution_changes_and_keeps_its_magnitude(tmp_path: Path) -> None:
    backbone: Backbone = BACKBONES.build("resnet18")
    source = backbone.draw(seeded(1))
    save_file(source, tmp_path / "weights.safetensors")
    report = initialize(backbone, build(f'gabor(file("{tmp_path}/weights.safetensors"))'), seeded(0), no_runs)
    weights = backbone.weights()
    assert report.transformed == {"conv1.weight": "synthetic Gabor filters"}
    assert all(torch.equal(weights[name], source[name]) for name in weights if name != "conv1.weight")
    first = weights["conv1.weight"].double()
    assert first.square().mean().item() == pytest.approx(source["conv1.weight"].double().square().mean().item())
    assert torch.equal(first[:, 0], first[:, 1])
    assert torch.equal(first[:, 0], first[:, 2])
    assert first.mean(dim=(1, 2, 3)).abs().max() < 1e-7


def test_the_scale_may_be_that_of_other_weights_and_nothing_else_changes(tmp_path: Path) -> None:
    other = tiny().draw(seeded(3))
    learned = next(iter(other))
    other[learned] *= 5
    save_file(other, tmp_path / "learned.safetensors")
    scaled = build(f'gabor(scale_of=file("{tmp_path}/learned.safetensors", trained_on=("chexpert",)))')
    plain, found = tiny(), tiny()
    initialize(plain, build("gabor"), seeded(0), no_runs)
    report = initialize(found, scaled, seeded(0), no_runs)
    before, after = plain.weights(), found.weights()
    assert [name for name in after if not torch.equal(before[name], after[name])] == [learned]
    one, three = before[learned].double(), after[learned].double()
    assert three.square().mean().item() == pytest.approx(other[learned].double().square().mean().item(), rel=1e-6)
    assert torch.allclose(three / three.norm(), one / one.norm(), atol=1e-7)
    assert report.transformed == {learned: "synthetic Gabor filters at the scale of file"}
    assert report.card["training_data"] == ["chexpert"]
    assert build("gabor").card().training_data == ()


def test_a_scale_that_nobody_asks_for_changes_no_run() -> None:
    plain, scaled = build("gabor"), build("gabor(scale_of=imagenet)")
    assert (plain.identity(), list(plain.nested())) == ({}, ["source"])
    assert (scaled.identity(), list(scaled.nested())) == ({}, ["source", "scale_of"])


def test_a_filter_answers_most_to_a_grating_of_its_own_frequency_and_orientation() -> None:
    size = 41  # large enough that the envelopes are not cut
    bank = gabor_bank(64, size).numpy()
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(bank, s=(256, 256)), axes=(1, 2)))
    axis = np.fft.fftshift(np.fft.fftfreq(256))
    for number in range(64):
        row, column = np.unravel_index(spectrum[number].argmax(), (256, 256))
        place, _ = divmod(number, 2)
        orientation, frequency = divmod(place, len(FREQUENCIES))
        angle = math.pi * orientation / 8
        wave = np.array([math.sin(angle), math.cos(angle)]) * FREQUENCIES[frequency]
        found = np.array([axis[row], axis[column]])
        assert min(np.abs(found - wave).max(), np.abs(found + wave).max()) < 0.012, number


@pytest.mark.parametrize("place", range(4))
def test_a_filter_answers_half_as_much_at_either_end_of_an_octave(place: int) -> None:
    """Around f these ends are 2/3 f and 4/3 f, since the envelope's spectrum is a Gaussian (Daugman 1985)."""
    size, f = 181, (0.08, 0.12, 0.18, 0.27)[place]
    column = torch.arange(size, dtype=torch.float64) - size // 2
    filters = gabor_bank(8, size)[2 * place]

    def answer(frequency: float) -> float:
        return (filters * torch.cos(2 * math.pi * frequency * column)).sum().item()

    assert [answer(share * f) / answer(f) for share in (2 / 3, 4 / 3)] == pytest.approx([0.5, 0.5], abs=0.005)


def test_phases_are_even_and_odd() -> None:
    bank = gabor_bank(16, 9)
    turned = bank.flip(1, 2)
    assert torch.allclose(bank[::2], turned[::2])
    assert torch.allclose(bank[1::2], -turned[1::2], atol=1e-12)


def test_filters_are_all_different() -> None:
    bank = gabor_bank(64, 7).flatten(1)
    unit = bank / bank.norm(dim=1, keepdim=True)
    assert (unit @ unit.T - torch.eye(64)).abs().max() < 0.999


def test_a_backbone_that_begins_with_no_convolution_is_refused() -> None:
    with pytest.raises(WeightsError, match="Choose a convolutional backbone"):
        initialize(BACKBONES.build('timm("vit_tiny_patch16_224")'), build("gabor"), seeded(0), no_runs)
