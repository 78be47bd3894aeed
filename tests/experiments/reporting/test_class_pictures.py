"""Pictures of masks of several classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.reporting.blocks.building.class_pictures import class_key, class_panels
from experiments.reporting.blocks.building.images import SIDE, shade_of
from experiments.reporting.blocks.building.predicted import by_class
from experiments.reporting.drawings.looks import CLASS_COLORS
from specs.task import Task


def test_each_panel_is_tinted_where_its_mask_shows_a_class_and_nowhere_else() -> None:
    image = np.full((4, 4, 1), 100, np.uint8)
    truth = np.kron(np.array([[0, 1], [2, 255]]), np.ones((2, 2), int))
    picture = class_panels(image, [truth, np.zeros_like(truth)], 2)
    assert picture.shape == (SIDE, 2 * SIDE, 3)
    quarter = SIDE // 4
    places = [picture[y, x] for y in (quarter, 3 * quarter) for x in (quarter, 3 * quarter)]
    tinted = [np.array(shade_of(color)) // 2 + 50 for color in CLASS_COLORS[:2]]
    for found, expected in zip(places, ([100] * 3, *tinted, [100] * 3), strict=True):
        assert np.abs(found.astype(int) - expected).max() <= 1
    assert (picture[:, SIDE:] == 100).all()


def test_classes_beyond_the_colors_begin_anew() -> None:
    names = [str(number) for number in range(len(CLASS_COLORS) + 1)]
    key = class_key(names)
    assert [name for name, _ in key] == names
    assert key[0][1] == key[-1][1] == CLASS_COLORS[0]


class Fixed:
    """A network that tells the same mask of any image."""

    def __init__(self, mask: NDArray[np.int64]) -> None:
        self.logits = torch.nn.functional.one_hot(torch.from_numpy(mask), 3).permute(2, 0, 1).float()

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(images), -1, -1, -1)

    def activated(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.softmax(dim=1)

    def predicted(self, probabilities: torch.Tensor) -> torch.Tensor:
        return probabilities.argmax(dim=1, keepdim=True)


def test_test_images_stand_beside_what_each_network_told_with_its_dice_of_each_class() -> None:
    truth = np.kron(np.array([[0, 1], [2, 2]]), np.ones((2, 2), int))
    told = np.kron(np.array([[1, 1], [2, 0]]), np.ones((2, 2), int))
    batch = {"image": torch.full((1, 1, 4, 4), 9, dtype=torch.uint8), "mask": torch.from_numpy(truth)[None, None]}
    data = SimpleNamespace(test_batch=lambda numbers: batch)
    networks: Any = {name: SimpleNamespace(data=data, module=Fixed(mask)) for name, mask in (("a", truth), ("b", told))}
    ((picture, lines),) = by_class(networks, [0], Task("segmentation", ("kidney", "tumour")))
    assert picture.shape == (SIDE, 3 * SIDE, 3)
    assert (picture[:, :SIDE] == picture[:, SIDE : 2 * SIDE]).all()
    assert lines == (
        "from left to right: truth, a, b", "a: Dice kidney 1.00, tumour 1.00", "b: Dice kidney 0.67, tumour 0.67",
    )  # fmt: skip
