"""MAE against its definition: what is seen, what is told, and what is compared."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lightning_modules.self_supervision.mae import MaeLearner, masked_error, targets
from lightning_modules.self_supervision.patches import patches_of, sine_positions
from specs.errors import UsageError
from specs.registry import BACKBONES, METHODS
from tests.lightning_modules.distinct import images
from tests.lightning_modules.distributed_methods import TRANSFORMER

SMALL = "width=16, depth=2, heads=4"


def made(more: str = "", network: str = TRANSFORMER, double: bool = True) -> MaeLearner:
    torch.manual_seed(2)
    found = METHODS.build(f"mae({SMALL}{more})").learner(BACKBONES.build(network), 8)
    assert isinstance(found, MaeLearner)
    return found.double() if double else found


class Noted(nn.Module):
    """Stands in for a decoder: notes what it is given and what it gives."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, encoded: Tensor, order: Tensor) -> Tensor:
        self.encoded, self.order = encoded.detach(), order
        told: Tensor = self.decoder(encoded, order)
        self.told = told
        return told


class Kept(nn.Module):
    """Stands in for timm's dropout of patches, and keeps the class token and these patches of each image."""

    def __init__(self, kept: Tensor) -> None:
        super().__init__()
        self.kept = kept

    def forward(self, tokens: Tensor) -> Tensor:
        rows = [torch.cat([row[:1], row[1:][kept]]) for row, kept in zip(tokens, self.kept, strict=True)]
        return torch.stack(rows)


def noted(method: MaeLearner, given: Tensor, seed: int = 0) -> tuple[Tensor, Noted]:
    """The loss of images, and what went through the decoder."""
    decoder = method.decoder
    method.decoder = watching = Noted(decoder)  # type: ignore[assignment]
    torch.manual_seed(seed)
    loss = method.loss([given], torch.arange(len(given)))
    method.decoder = decoder
    return loss, watching


def test_the_loss_is_the_squared_error_of_normalized_pixels_of_hidden_patches() -> None:
    """https://github.com/facebookresearch/mae, models_mae.py, ``forward_loss``, patch by patch."""
    method, given = made(), images(3, 16, 4)
    loss, seen = noted(method, given)
    errors = []
    for image, told, order in zip(given.numpy(), seen.told.detach().numpy(), seen.order.tolist(), strict=True):
        for number in order[4:]:  # a quarter of 16 is seen
            row, column = divmod(number, 4)
            patch = image[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].transpose(1, 2, 0).ravel()
            wanted = (patch - patch.mean()) / math.sqrt(patch.var(ddof=1) + 1e-6)
            errors.append(((told[number] - wanted) ** 2).mean())
    assert len(errors) == 3 * 12
    assert loss.item() == pytest.approx(np.mean(errors), rel=1e-9)


def test_the_network_sees_the_class_token_and_a_quarter_of_the_patches() -> None:
    """timm's own forward pass, whose dropout of patches keeps the same ones, is the oracle."""
    method, given = made(), images(3, 16, 4)
    _, seen = noted(method, given)
    network = method.backbone.network
    network.patch_drop = Kept(seen.order[:, :4])
    assert seen.encoded.shape == (3, 5, 64)
    assert torch.allclose(network.forward_features(given), seen.encoded, rtol=0, atol=1e-12)  # type: ignore[operator]


def test_the_decoder_puts_each_token_in_its_place_and_the_mask_token_elsewhere() -> None:
    method, given = made(), images(2, 16, 4)
    _, seen = noted(method, given)
    decoder = method.decoder
    rows = decoder.embed(seen.encoded)
    for told, row, order in zip(seen.told, rows, seen.order.tolist(), strict=True):
        tokens = [row[0]] + [decoder.hidden[0, 0]] * 16
        for place, number in enumerate(order[:4]):
            tokens[1 + number] = row[1 + place]
        whole = torch.stack(tokens) + decoder.positions
        expected = decoder.tell(decoder.norm(decoder.blocks(whole[None])))[0, 1:]
        assert torch.allclose(told, expected, rtol=0, atol=1e-12)
    assert not decoder.positions[0].any()


def test_hidden_pixels_do_not_reach_the_network_and_visible_ones_do() -> None:
    method, given = made(), images(1, 16, 4)
    _, before = noted(method, given)
    for number, reaches in ((before.order[0, 0].item(), True), (before.order[0, -1].item(), False)):
        changed = given.clone()
        row, column = divmod(int(number), 4)
        changed[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 1
        _, after = noted(method, changed)
        assert torch.equal(after.order, before.order)
        assert torch.equal(after.told, before.told) != reaches


def test_each_image_has_a_mask_of_its_own_and_each_step_another() -> None:
    method, given = made(), images(1, 16, 4).expand(24, -1, -1, -1)
    seen = [noted(method, given, seed)[1].order[:, :4] for seed in range(50)]
    assert len({tuple(row) for row in seen[0].sort(dim=1).values.tolist()}) > 1
    counts = torch.bincount(torch.cat(seen).flatten(), minlength=16)
    expected = 50 * 24 * 4 / 16
    # Each patch is seen as often as any other: five standard deviations of a binomial count.
    assert ((counts - expected).abs() < 5 * math.sqrt(expected * 0.75)).all()


def test_plain_pixels_can_be_told_instead() -> None:
    pixels = torch.randn(2, 3, 12, dtype=torch.float64)
    assert targets(pixels, normalized=False) is pixels
    values = pixels.numpy()
    expected = (values - values.mean(2, keepdims=True)) / np.sqrt(values.var(2, ddof=1, keepdims=True) + 1e-6)
    assert np.allclose(targets(pixels, normalized=True).numpy(), expected, rtol=1e-12)
    constant = targets(torch.full((1, 1, 12), 7.0), normalized=True)
    assert torch.equal(constant, torch.zeros(1, 1, 12))


def test_only_hidden_patches_count() -> None:
    told, wanted = torch.zeros(1, 3, 2), torch.tensor([[[1.0, 3.0], [100.0, 100.0], [0.0, 2.0]]])
    assert masked_error(told, wanted, torch.tensor([[2, 0]])).item() == pytest.approx((1 + 9 + 0 + 4) / 4)


def test_patches_are_cut_row_by_row_with_channels_last() -> None:
    picture = torch.arange(2 * 3 * 4 * 6).view(2, 3, 4, 6)
    found = patches_of(picture, 2, 3)
    assert found.shape == (2, 4, 18)
    for number in range(4):
        row, column = divmod(number, 2)
        patch = picture[1, :, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
        assert found[1, number].tolist() == [int(patch[c, y, x]) for y in range(2) for x in range(3) for c in range(3)]


def test_positions_are_sines_and_cosines_of_column_and_row() -> None:
    """util/pos_embed.py, ``get_2d_sincos_pos_embed``, number by number."""
    found = sine_positions(2, 3, 8)
    assert found.shape == (6, 8)
    for row in range(2):
        for column in range(3):
            expected = [
                wave(coordinate / 10000 ** (k / 2)) for coordinate in (column, row) for wave in (math.sin, math.cos)
                for k in range(2)
            ]  # fmt: skip
            assert found[3 * row + column].tolist() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("network", "encoded", "pixels"),
    [
        ('timm("vit_tiny_patch16_224", in_channels=1, image_size=32, patch_size=8)', (2, 5, 192), 64),
        ('timm("deit_tiny_distilled_patch16_224", image_size=32, patch_size=8)', (2, 6, 192), 192),
    ],
)
def test_gray_images_and_transformers_with_more_tokens(network: str, encoded: tuple[int, ...], pixels: int) -> None:
    method = made(network=network, double=False)
    channels = method.backbone.in_channels
    loss, seen = noted(method, images(2, 32, 1).float()[:, :channels])
    loss.backward()
    assert (tuple(seen.encoded.shape), tuple(seen.told.shape)) == (encoded, (2, 16, pixels))
    assert all(one.grad is not None for one in method.backbone.parameters())


def test_the_decoder_begins_as_in_the_code() -> None:
    torch.manual_seed(0)
    network = BACKBONES.build(TRANSFORMER)
    drawn = {name: tensor.clone() for name, tensor in network.weights().items()}
    decoder = METHODS.build("mae(width=128, depth=1, heads=4)").learner(network, 8).decoder
    for layer in decoder.modules():
        if isinstance(layer, nn.Linear):
            largest = math.sqrt(6 / (layer.in_features + layer.out_features))
            assert 0.98 * largest < layer.weight.abs().max() <= largest
            assert layer.bias is not None and not layer.bias.any()
    assert decoder.hidden.std().item() == pytest.approx(0.02, rel=0.3)
    assert all(torch.equal(tensor, drawn[name]) for name, tensor in network.weights().items())


def test_embeddings_are_the_pooled_features() -> None:
    method, given = made(), images(2, 16, 4)
    assert torch.equal(method.online(given), method.backbone(given))


@pytest.mark.parametrize("network", ["tiny(width=4)", "resnet18", 'timm("swin_tiny_patch4_window7_224")'])
def test_other_networks_are_refused(network: str) -> None:
    with torch.device("meta"):
        backbone = BACKBONES.build(network)
    with pytest.raises(UsageError, match=r"mae needs the patches of a plain vision transformer, .* Take one such as"):
        METHODS.build("mae").learner(backbone, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("width=18, depth=1, heads=3", "must be a multiple of 4 and of its heads, .* found width=18, depth=1, heads=3"),
        ("width=16, depth=1, heads=3", "found width=16, depth=1, heads=3"),
        ("width=16, depth=0, heads=4", "its depth at least 1; found width=16, depth=0"),
        ("masked=0.99", "mae: with masked=0.99, 0 of the 16 patches are visible"),
        ("masked=0.0", "mae: with masked=0, 16 of the 16 patches are visible"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        METHODS.build(f"mae({arguments})").learner(BACKBONES.build(TRANSFORMER), 8)


def test_views_of_another_size_are_refused() -> None:
    with pytest.raises(UsageError, match=r"built for images of 16 x 16 pixels, found views of 24 x 24\. Build it with"):
        made().loss([images(2, 24, 1)], torch.arange(2))
