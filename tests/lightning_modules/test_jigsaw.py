"""Nine patches of an image, in any order, as PIRL and InfoMin see them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lightning_modules.self_supervision.jigsaw import JigsawHead, patches
from specs.errors import UsageError
from specs.registry import BACKBONES


def numbered(count: int, height: int, width: int) -> Tensor:
    """Images whose pixels say where they are: channels image, row and column."""
    image, row, column = torch.meshgrid(
        torch.arange(float(count)), torch.arange(float(height)), torch.arange(float(width)), indexing="ij"
    )
    return torch.stack([image, row, column], dim=1)


def test_patches_of_64_lie_anywhere_in_cells_of_85() -> None:
    """https://github.com/HobbitLong/PyContrast, datasets/util.py, ``JigsawCrop``: corners 0 to 21 of each cell."""
    torch.manual_seed(0)
    cut = patches(numbered(60, 255, 255), 64)
    assert cut.shape == (60, 9, 3, 64, 64)
    corners = cut[:, :, :, 0, 0]
    assert torch.equal(corners[:, :, 0], torch.arange(60.0)[:, None].expand(-1, 9))
    cells = torch.cartesian_prod(torch.arange(3), torch.arange(3)) * 85
    shifts = corners[:, :, 1:] - cells
    assert set(shifts.flatten().tolist()) == set(range(22))
    assert shifts.flatten(1).unique(dim=0).shape[0] == 60  # each image has places of its own
    assert (shifts[:, 0, 0] != shifts[:, 1, 0]).any()  # and so has each of its cells,
    assert (shifts[..., 0] != shifts[..., 1]).any()  # in each direction
    offsets = cut[:, :, 1:] - corners[:, :, 1:, None, None]
    assert torch.equal(offsets[0, 0, 0], torch.arange(64.0)[:, None].expand(-1, 64))
    assert (offsets == offsets[0, 0]).all()


def test_patches_as_large_as_their_cells_are_the_thirds_row_by_row() -> None:
    images = numbered(2, 10, 12)  # of ten rows, the last is left out
    cut = patches(images, 3)
    assert torch.equal(cut[:, 7, 1, :, 0], torch.tensor([6.0, 7.0, 8.0]).expand(2, 3))
    assert cut.is_contiguous()
    square = patches(images[..., :9, :9], 3)
    assert torch.equal(square[:, 5], images[..., 3:6, 6:9])


def test_patches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match=r"patches of 4 pixels do not fit into a third of 11 x 12 pixels\. Give"):
        patches(numbered(1, 11, 12), 4)


def test_the_order_of_the_patches_is_drawn_for_each_image() -> None:
    torch.manual_seed(0)
    head = JigsawHead(1, 1, None, 2).double()
    nn.init.constant_(head.each[0].weight, 1.0)
    nn.init.zeros_(head.each[0].bias)
    seen: list[Tensor] = []
    head.together.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    images = numbered(50, 6, 6).double()

    def first_pixel(cut: Tensor) -> Tensor:
        return cut[:, 1, :1, 0] // 2 * 3 + cut[:, 2, :1, 0] // 2

    head(first_pixel, images)
    orders = seen[0].long()
    assert torch.equal(orders.sort(dim=1).values, torch.arange(9).expand(50, 9))
    assert orders.unique(dim=0).shape[0] > 45
    assert (orders.double().mean(dim=0) - 4).abs().max() < 1.5  # any patch in any place


@pytest.mark.parametrize(("hidden", "layers"), [(None, [(16, 8)]), (12, [(16, 12), (12, 8)])])
def test_each_patch_passes_a_head_of_its_own_and_all_pass_a_linear_layer(
    hidden: int | None, layers: list[tuple[int, int]]
) -> None:
    """InfoMin: networks/util.py of PyContrast, ``JigsawHead`` with ``head='mlp'``; PIRL: VISSL's linear one."""
    head = JigsawHead(16, 8, hidden, 4)
    linear = [one for one in head.each if isinstance(one, nn.Linear)]
    assert [(one.in_features, one.out_features) for one in linear] == layers
    assert (head.together.in_features, head.together.out_features) == (72, 8)
    backbone = BACKBONES.build("tiny(width=4)")
    head = JigsawHead(backbone.num_features, 8, hidden, 4)
    assert torch.allclose(head(backbone, torch.randn(3, 3, 15, 15)).norm(dim=1), torch.ones(3), atol=1e-6)
