"""Any encoder segments, with each decoder that fits it: at the input's size, and every tensor that it uses is trained.

Among the encoders are one of each kind, gray and four-channel inputs, networks built for one image size, and sizes that
no stride divides.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pytest
import torch
from timm.models.densenet import DenseNet
from timm.models.swin_transformer import SwinTransformer
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from backbones.networks.timm import backbone_of
from lightning_modules.segmentation import SegmentationModule
from specs.card import UNIT
from specs.recipe import Recipe
from specs.recipe_parts import SGD
from specs.registry import BACKBONES
from specs.task import Task

VESSEL, ORGANS = Task("segmentation", ("vessel",)), Task("segmentation", ("kidney", "tumour"))


class Encoder(NamedTuple):
    """An encoder and what is known of it.

    Attributes:
        expression: the backbone's expression, or its name in ``BUILT``.
        size: height and width of its images in pixels.
        decoders: the decoders to try.
        task: what is segmented.
        idle: the network's modules behind its last feature map, whose parameters no decoder uses.
    """

    expression: str
    size: int
    decoders: tuple[str, ...] = ("unet", "upernet")
    task: Task = VESSEL
    idle: tuple[str, ...] = ()


BUILT: dict[str, Callable[[], nn.Module]] = {
    "small Swin": partial(
        SwinTransformer, img_size=64, window_size=2, embed_dim=16, depths=(1, 2, 1, 1), num_heads=(1, 2, 4, 8),
        drop_path_rate=0.0, num_classes=0,
    ),
    "small DenseNet": partial(DenseNet, growth_rate=8, block_config=(2, 2, 2, 2), num_classes=0),
}  # fmt: skip
"""Networks of which timm has only large ones."""

ENCODERS = (
    Encoder('timm("test_vit", in_channels=1)', 48, ("upernet", "dpt"), ORGANS, ("norm",)),
    Encoder('timm("test_vit3", image_size=45, patch_size=14)', 45, ("upernet", "dpt"), VESSEL, ("norm", "attn_pool")),
    Encoder("small Swin", 64, task=ORGANS, idle=("norm",)),
    Encoder('timm("test_convnext", in_channels=4)', 45, idle=("head",)),
    Encoder("small DenseNet", 45, task=ORGANS),
    Encoder('timm("test_resnet", in_channels=4)', 45),
    Encoder('timm("test_efficientnet")', 45, idle=("conv_head", "bn2")),
    Encoder('timm("test_byobnet", in_channels=1)', 45, task=ORGANS),
    Encoder("tiny(width=4)", 13, task=ORGANS),
    Encoder('cbr("tiny", width=4)', 29),
    Encoder("plain(width=8)", 29),
)


def backbone(expression: str) -> Backbone:
    """A backbone by its expression, or by its name in ``BUILT``."""
    if expression in BUILT:
        return backbone_of(BUILT[expression], expression, 3)
    found: Backbone = BACKBONES.build(expression)
    return found


@dataclass(frozen=True)
class Trained:
    """A network before and after one step of training on four images.

    Attributes:
        encoder: what is known of its encoder.
        module: the network after the step, in training mode.
        started: a copy of its state dict before the step.
        shape: the shape of its logits.
        gradients: the gradient of each parameter; None where there is none.
        losses: the loss before and after the step.
    """

    encoder: Encoder
    module: SegmentationModule
    started: dict[str, Tensor]
    shape: tuple[int, ...]
    gradients: dict[str, Tensor | None]
    losses: tuple[float, float]


def images(encoder: Encoder, channels: int) -> tuple[Tensor, Tensor]:
    """Four images, and masks of what is bright in them."""
    coarse = torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    bright = torch.nn.functional.interpolate(coarse, (encoder.size, encoder.size), mode="bilinear")
    mask = sum((bright > cut).long() for cut in (0.5, 0.7)[: len(encoder.task.classes)])
    return (bright.expand(-1, channels, -1, -1) * 255).to(torch.uint8), torch.as_tensor(mask)


@pytest.fixture(
    scope="module",
    params=[(encoder, decoder) for encoder in ENCODERS for decoder in encoder.decoders],
    ids=lambda given: f"{given[1]} over {given[0].expression}",
)
def trained(request: pytest.FixtureRequest) -> Trained:
    encoder, decoder = request.param
    torch.manual_seed(0)
    recipe = Recipe(image_size=encoder.size, batch_size=4, epochs=1, optimizer=SGD(1e-3, 0.0), decoder=decoder)
    module = SegmentationModule(backbone(encoder.expression), encoder.task, recipe, UNIT).train()
    started = copy.deepcopy(module.state_dict())
    image, mask = images(encoder, module.backbone.in_channels)
    optimizer = module.configure_optimizers()

    def loss() -> tuple[Tensor, Tensor]:
        logits = module(image)
        return logits, module.loss(module.loss_sums(logits, {"mask": mask}))

    logits, before = loss()
    before.backward()
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    optimizer.step()
    with torch.no_grad():
        after = float(loss()[1])
    return Trained(encoder, module, started, tuple(logits.shape), gradients, (float(before.detach()), after))


def test_its_logits_have_the_size_of_the_image(trained: Trained) -> None:
    size = trained.encoder.size
    assert trained.shape == (4, trained.encoder.task.outputs, size, size)


def test_every_parameter_has_a_gradient_but_those_behind_the_last_feature_map(trained: Trained) -> None:
    """Where several processes train, each waits for the gradients of all parameters that are used."""
    without = {name for name, gradient in trained.gradients.items() if gradient is None}
    behind = {f"backbone.network.{name}" for name in trained.encoder.idle}
    assert without == {name for name in trained.gradients if ".".join(name.split(".")[:3]) in behind}
    for name, gradient in trained.gradients.items():
        if gradient is not None:
            assert gradient.isfinite().all(), name
            if name.startswith("decoder.") and gradient.ndim > 1:
                assert gradient.any(), name


def test_a_step_of_training_lowers_the_loss(trained: Trained) -> None:
    before, after = trained.losses
    assert after < before


def test_its_weights_go_round_trip(trained: Trained) -> None:
    state = trained.module.state_dict()
    twin = copy.deepcopy(trained.module).eval()
    with torch.no_grad():
        for tensor in twin.state_dict().values():
            tensor.zero_()
    twin.load_state_dict(state)
    image, _ = images(trained.encoder, trained.module.backbone.in_channels)
    with torch.no_grad():
        expected = copy.deepcopy(trained.module).eval()(image)
        assert torch.equal(twin(image), expected)
    assert any(not torch.equal(trained.started[name], tensor) for name, tensor in state.items())
