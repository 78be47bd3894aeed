"""Which pixels of a segmentation count as what: the cut at 0.5, and the regions that are counted in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lightning_modules.segmentation import COUNTS, SegmentationModule
from specs.card import UNIT
from specs.recipe import Recipe
from specs.recipe_parts import Adam
from specs.registry import BACKBONES
from specs.task import Task


def predicting(logits: Tensor, **changes: Any) -> SegmentationModule:
    """A module whose network gives these logits whatever it sees."""
    recipe = Recipe(image_size=8, batch_size=2, epochs=1, optimizer=Adam(1e-3), **changes)
    module = SegmentationModule(BACKBONES.build("tiny(width=4)"), Task("segmentation", ("vessel",)), recipe, UNIT)
    module.forward = lambda image: logits  # type: ignore[method-assign]
    return module.eval()


def drawn(*shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(sum(shape)).integers(0, 2, shape, dtype=np.uint8))


def batch() -> dict[str, Any]:
    """Two images whose native sizes differ, with fields of view that are no part and no complement of the masks."""
    return {
        "image": torch.zeros(2, 1, 8, 8, dtype=torch.uint8),
        "index": torch.arange(2),
        "mask": drawn(2, 1, 8, 8),
        "field_of_view": drawn(2, 1, 8, 8).flip(0, 2),
        "native_mask": [drawn(16, 16), drawn(12, 20)],
        "native_field_of_view": [drawn(16, 16).flip(0), drawn(12, 20).flip(1)],
    }


@pytest.mark.parametrize(("logit", "found"), [(0.0, False), (1e-3, True), (-1e-3, False)])
@pytest.mark.parametrize("views", ["none", "flip"])
def test_a_pixel_of_probability_one_half_is_background(logit: float, found: bool, views: str) -> None:
    module, data = predicting(torch.full((2, 1, 8, 8), logit), test_time_augmentation=views), batch()
    rows = module.tested_rows(data) | {
        f"validation_{n}": v for n, v in module.validation_rows(module(None), data).items()
    }
    assert len(rows) == 5 * len(COUNTS)
    for name, counts in rows.items():
        assert counts.any() == (name.endswith(("tp", "fp")) == found), name


def test_each_region_counts_its_own_pixels_against_its_own_mask() -> None:
    logits = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 1, 8, 8)))
    data, rows = batch(), predicting(logits).tested_rows(batch())
    for image in range(2):
        size = tuple(data["native_mask"][image].shape)
        native = torch.nn.functional.interpolate(logits[image][None].sigmoid(), size, mode="bilinear")[0, 0] > 0.5
        for name, prediction, mask, view in (
            ("network", logits[image, 0] > 0, data["mask"][image, 0], data["field_of_view"][image, 0]),
            ("native", native, data["native_mask"][image], data["native_field_of_view"][image]),
        ):
            for region, counted in (("whole", torch.ones_like(view)), ("fov", view)):
                kept = [
                    (bool(p), bool(m))
                    for p, m, c in zip(*(x.flatten() for x in (prediction, mask, counted)), strict=True)
                    if c
                ]
                expected = [kept.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
                assert [int(rows[f"{name}_{region}_{count}"][image]) for count in ("tp", "fp", "fn", "tn")] == expected
