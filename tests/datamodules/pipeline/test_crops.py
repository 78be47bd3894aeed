"""The two studies' augmentation: exactly torchvision's, and fast with the same distributions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import stats
from torchvision import transforms

from datamodules.files.resampling import resize
from datamodules.phantoms.phantom_images import chest
from datamodules.pipeline.crops import Drawn, ExactCrops, FastCrops
from datamodules.prepared.storage import Stored, extents_of
from specs.recipe import CropSteps

Pixels = NDArray[np.uint8]
STEPS = CropSteps(0.08, 0.5, 7.0)


def stored(image: Pixels, size: int | None = None) -> Stored:
    return Stored(image if size is None else resize(image, size, "antialiased"), None, None, *image.shape[:2])


def picture(height: int = 160, width: int = 160, seed: int = 0) -> Pixels:
    return resize(chest(np.random.default_rng(seed), 160, {seed % 14: 1.0}), 160, "antialiased")[:height, :width].copy()


@pytest.mark.parametrize("shape", [(160, 160), (97, 160), (160, 31), (12, 160)])
@pytest.mark.parametrize("color", [False, True])
def test_exact_samples_are_torchvisions_to_the_last_bit(shape: tuple[int, int], color: bool) -> None:
    image = picture(*shape)
    official = transforms.Compose(
        [
            transforms.RandomResizedCrop(64),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(7),
            transforms.PILToTensor(),
        ]
    )
    crops = ExactCrops(STEPS, 64, seed=3)
    given = np.stack([image, 255 - image, image // 2], axis=2) if color else image
    epochs = [0, 1, 2, 3]
    for epoch in epochs:
        batch, masks = crops([stored(given)] * 4, epoch, np.arange(4))
        assert masks is None
        for found, seed in zip(batch, crops.sample_seeds(epoch, np.arange(4)), strict=True):
            torch.manual_seed(seed)
            expected = official(Image.fromarray(given))
            assert np.array_equal(found if color else found[..., None], expected.permute(1, 2, 0).numpy())


def reference(image: Pixels, drawn: Drawn, place: int, size: int) -> NDArray[np.float64]:
    """What Pillow makes of the source for one sample's draws."""
    assert drawn.boxes is not None
    assert drawn.angles is not None
    top, bottom, left, right = drawn.boxes[place].tolist()
    cut = Image.fromarray(image).crop((left, top, right, bottom)).resize((size, size), Image.Resampling.BILINEAR)
    cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if drawn.flips[place] else cut
    return np.asarray(cut.rotate(float(np.degrees(drawn.angles[place]))), dtype=float)


@pytest.mark.parametrize(("stored_size", "most"), [(None, 2.0), (128, 4.0)])
def test_fast_samples_are_the_exact_ones_up_to_resampling(stored_size: int | None, most: float) -> None:
    image = picture()
    crops, numbers = FastCrops(STEPS, 96, seed=1), np.arange(64)
    batch, _ = crops([stored(image, stored_size)] * 64, 5, numbers)
    drawn = crops.draw(np.full((64, 2), 160), 5, numbers)
    assert 16 < sum(drawn.flips) < 48
    differences = [np.abs(batch[place] - reference(image, drawn, place, 96)).mean() for place in numbers]
    unlike = [np.abs(batch[place] - reference(image, drawn, place - 1, 96)).mean() for place in numbers]
    assert np.median(differences) < most
    assert np.median(unlike) > 3 * np.median(differences)  # so that agreeing means something


@pytest.mark.parametrize("steps", [CropSteps(None, 0.5, None), CropSteps(0.3, 0.0, None), CropSteps(None, 0.0, 7.0)])
def test_steps_can_be_left_out(steps: CropSteps) -> None:
    image = picture()
    for crops in (FastCrops(steps, 64, 0), ExactCrops(steps, 64, 0)):
        batch, _ = crops([stored(image)] * 20, 0, np.arange(20))
        assert batch.shape == (20, 64, 64)
        different = len({one.tobytes() for one in batch})
        assert different == 2 if steps == (None, 0.5, None) else different > 12


@pytest.mark.parametrize("shape", [(160, 160), (100, 300), (300, 40)])
def test_fast_crops_are_distributed_as_torchvisions(shape: tuple[int, int]) -> None:
    count = 3000
    drawn = FastCrops(STEPS, 64, 0).draw(np.full((count, 2), shape), 0, np.arange(count))
    assert drawn.boxes is not None
    assert drawn.angles is not None
    top, bottom, left, right = drawn.boxes.T
    assert ((top >= 0) & (top < bottom) & (bottom <= shape[0]) & (left >= 0) & (left < right)).all()
    torch.manual_seed(0)
    image = Image.new("L", (shape[1], shape[0]))
    official = np.array(
        [transforms.RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(count)]
    )
    for ours, theirs in zip((top, left, bottom - top, right - left), official.T, strict=True):
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    assert stats.ks_2samp((bottom - top) * (right - left), official[:, 2] * official[:, 3]).pvalue > 1e-3
    assert stats.kstest(np.degrees(drawn.angles), "uniform", (-7, 14)).pvalue > 1e-3
    assert abs(np.mean(drawn.flips) - 0.5) < 0.05


def test_a_sample_does_not_depend_on_the_batch_that_it_is_in() -> None:
    images = [stored(picture(seed=seed)) for seed in range(6)]
    for crops in (FastCrops(STEPS, 48, 0), ExactCrops(STEPS, 48, 0)):
        whole, _ = crops(images, 2, np.arange(6))
        part, _ = crops(images[4:1:-1], 2, np.array([4, 3, 2]))
        assert np.array_equal(part, whole[[4, 3, 2]])


def test_a_stored_image_of_a_few_pixels_still_gives_a_crop() -> None:
    tiny = Stored(np.full((3, 3), 7, np.uint8), None, None, 1000, 1000)
    batch, _ = FastCrops(CropSteps(0.0001, 0.5, None), 8, 0)([tiny] * 50, 0, np.arange(50))
    assert (batch == 7).all()


@pytest.mark.parametrize("steps", [STEPS, CropSteps(None, 0.5, None)])
def test_an_epoch_drawn_at_its_start_gives_the_same_samples(steps: CropSteps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datamodules.pipeline.crops.BLOCK", 3)
    images = [stored(picture(height, seed=height), 80) for height in (90, 100, 110, 120, 130, 140, 150)]
    known, unknown = FastCrops(steps, 48, 0, extents_of(images)), FastCrops(steps, 48, 0)
    for epoch in (0, 1, 0):
        numbers = np.array([5, 0, 6, 2])
        chosen = [images[number] for number in numbers]
        assert np.array_equal(known(chosen, epoch, numbers)[0], unknown(chosen, epoch, numbers)[0])
