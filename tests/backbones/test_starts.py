"""How each backbone starts: tensor by tensor against torchvision's constructors and against closed forms.

A sample's moments are compared with those of the distribution, within six standard errors of a sample of that size:
variance s^2 (2 / n relative for a normal), fourth moment 3 s^4 for a normal distribution and 9/5 s^4 for a uniform one.
So a distribution of another scale or shape is told apart, and one that is cut at two deviations too (2.06 s^4).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from timm.layers.weight_init import trunc_normal_
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from backbones.networks.timm import backbone_of
from specs.registry import BACKBONES
from tests.backbones.contract import built

SAMPLE = 100_000
"""Values of a tensor at most whose moments are taken; bounds are those of all."""

ERRORS = 6.0
"""Standard errors within which a moment must be; a thousand tensors exceed them by chance once in half a million."""


def drawn(expression: str) -> dict[str, Tensor]:
    """New weights, which are no others than those that the backbone was built with in kind."""
    return built(expression).draw(torch.Generator().manual_seed(0))


@functools.cache
def kernels(expression: str) -> dict[str, nn.Conv2d]:
    """A backbone's convolutions by the name of their weight."""
    modules = built(expression).network.named_modules()
    return {f"{name}.weight": module for name, module in modules if isinstance(module, nn.Conv2d)}


def he_by_outputs(convolution: nn.Conv2d) -> float:
    """Standard deviation of He et al. 2015, equation 14: the root of 2 / (pixels times filters of a group)."""
    rows, columns = convolution.kernel_size
    return math.sqrt(2 / (rows * columns * convolution.out_channels / convolution.groups))


def is_constant(tensor: Tensor) -> bool:
    return bool((tensor == tensor.flatten()[0]).all()) if tensor.numel() else True


def sampled(tensor: Tensor) -> Tensor:
    return tensor.flatten()[:SAMPLE].double()


def assert_normal(name: str, tensor: Tensor, deviation: float) -> None:
    """The values are a sample of N(0, deviation^2)."""
    sample = sampled(tensor) / deviation
    n = sample.numel()
    assert abs(sample.mean().item()) < ERRORS / math.sqrt(n), name
    assert abs(sample.square().mean().item() - 1) < ERRORS * math.sqrt(2 / n), name
    assert abs(sample.pow(4).mean().item() - 3) < ERRORS * math.sqrt(96 / n) + 150 / n, name  # skewed where n is small
    assert tensor.abs().max().item() < deviation * 8, name


def assert_as(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    """The same tensors; constants are equal, and of what is drawn the variances are those of two equal normals."""
    assert set(ours) == set(theirs)
    for name, tensor in ours.items():
        assert tensor.shape == theirs[name].shape
        if is_constant(theirs[name]):
            assert torch.equal(tensor, theirs[name]), name
        else:
            ratio = sampled(tensor).var().item() / sampled(theirs[name]).var().item()
            assert abs(math.log(ratio)) < ERRORS * math.sqrt(4 / min(tensor.numel(), SAMPLE)), name


def torchvisions(name: str, **settings: object) -> dict[str, Tensor]:
    """The tensors of torchvision's network without its classifier."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = torchvision.models.get_model(name, weights=None, **settings)
    return {key: tensor for key, tensor in network.state_dict().items() if not key.startswith("fc.")}


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_resnet_starts_as_torchvisions(name: str) -> None:
    ours = built(name).weights()
    assert_as(ours, torchvisions(name))
    for key, kernel in kernels(name).items():
        assert_normal(key, ours[key], he_by_outputs(kernel))


def test_the_ends_of_residual_branches_are_those_that_torchvision_can_start_at_zero() -> None:
    zeros = torchvisions("resnet18", zero_init_residual=True).items()
    ends = [key for key, tensor in zeros if key.endswith("weight") and not tensor.any()]
    assert list(built("resnet18").residual_ends) == ends and len(ends) == 8


@pytest.mark.parametrize("expression", ["resnet50_slim", "tiny(width=8)", 'cbr("tiny")', 'cbr("large_t", width=2)'])
def test_convolutions_start_by_their_outputs_and_normalization_layers_at_one_and_zero(expression: str) -> None:
    for key, tensor in drawn(expression).items():
        if key in kernels(expression):
            assert_normal(key, tensor, he_by_outputs(kernels(expression)[key]))
        else:
            assert torch.equal(tensor, torch.full_like(tensor, key.endswith(("weight", "running_var")))), key


BOTTLENECKS = [f"layer{stage}.{n}.bn3.weight" for stage, count in enumerate((3, 4, 6, 3), 1) for n in range(count)]


@pytest.mark.parametrize(
    ("expression", "ends"),
    [
        ("tiny(width=8)", ["layer1.conv2.bn.weight", "layer2.conv2.bn.weight", "layer3.conv2.bn.weight"]),
        ("resnet50", BOTTLENECKS),
        ("resnet50_slim", BOTTLENECKS),
        ('cbr("tiny")', []),
        ('timm("convnext_atto")', []),
    ],
)
def test_each_network_says_where_its_residual_branches_end(expression: str, ends: list[str]) -> None:
    assert list(built(expression).residual_ends) == ends


# The second says in another way than the others where its branches end.
@pytest.mark.parametrize("name", ["test_resnet", "test_byobnet", "regnetx_002"])
def test_what_timm_starts_at_zero_starts_at_one(name: str) -> None:
    plain = timm.create_model(name, num_classes=0).state_dict()
    ours: Backbone = BACKBONES.build(f'timm("{name}")')
    zeros = [key for key, tensor in plain.items() if key.endswith("weight") and not tensor.any()]
    assert zeros and list(ours.residual_ends) == zeros
    assert all(bool((ours.weights()[key] == 1).all()) for key in zeros)
    constant = {key: tensor for key, tensor in ours.weights().items() if is_constant(tensor)}
    assert [key for key, tensor in constant.items() if not torch.equal(tensor, plain[key])] == zeros


@pytest.mark.parametrize("name", ["skresnet18", "resnetv2_18"])
def test_a_network_that_timm_starts_at_one_has_ends_too(name: str) -> None:
    ours: Backbone = BACKBONES.build(f'timm("{name}")')
    kinds = {ours.weights()[end].ndim for end in ours.residual_ends}
    assert (len(ours.residual_ends), kinds) == {"skresnet18": (8, {1}), "resnetv2_18": (8, {4})}[name]
    assert all(ours.weights()[end].any() for end in ours.residual_ends)


def test_the_other_tensors_of_a_draw_are_those_that_timm_draws() -> None:
    ours = built("resnet18")
    found = ours.draw(torch.Generator().manual_seed(3))
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(3))))
        theirs = timm.create_model("resnet18", num_classes=0).state_dict()
    assert {key for key in theirs if not torch.equal(found[key], theirs[key])} == set(ours.residual_ends)
    assert all(bool((found[end] == 1).all()) for end in ours.residual_ends)


def test_inception_starts_as_torchvisions() -> None:
    ours = built("inception_v3").weights()
    theirs = torchvisions("inception_v3", init_weights=True, aux_logits=False)
    assert_as(ours, theirs)
    for key in kernels("inception_v3"):
        assert_normal(key, ours[key], 0.1)  # cut at 20 standard deviations, which none reaches
    assert built("inception_v3").residual_ends == ()


def test_a_weight_at_the_cut_of_timms_truncated_normal_becomes_its_mean() -> None:
    class Cut(nn.Module):
        """What a draw of -1 from timm's uniform numbers leaves."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, bias=False)
            with torch.no_grad():
                trunc_normal_(self.conv.weight, std=0.02)
                self.conv.weight[2, 1, 0, 0] = torch.tensor(-1.0).erfinv().mul(0.02 * math.sqrt(2)).clamp(-2.0, 2.0)
            self.feature_info = [{"module": "conv", "num_chs": 8, "reduction": 1}]
            self.num_features = 8

        def forward_intermediates(self, x: Tensor, **settings: object) -> list[Tensor]:
            return [self.conv(x)]

    weight = backbone_of(Cut, "cut", 3).weights()["conv.weight"]
    assert weight[2, 1, 0, 0] == 0
    assert weight.abs().max() < 0.02 * 6 and weight.count_nonzero() == weight.numel() - 1


@pytest.mark.parametrize("name", ['timm("test_efficientnet")', "efficientnet_lite0"])
def test_efficientnet_starts_as_tensorflows(name: str) -> None:
    # https://github.com/tensorflow/tpu, models/official/efficientnet/efficientnet_model.py, conv_kernel_initializer: a
    # kernel of depth has one output a group.
    for key, tensor in drawn(name).items():
        if key in kernels(name):
            assert_normal(key, tensor, he_by_outputs(kernels(name)[key]))
        else:
            assert torch.equal(tensor, torch.full_like(tensor, key.endswith(("weight", "running_var")))), key


def two_hundredths(network: nn.Module, key: str) -> bool:
    """What ConvNeXt's and ViT's authors draw with a standard deviation of 0.02."""
    return key.endswith("weight") and isinstance(network.get_submodule(key.rpartition(".")[0]), nn.Linear | nn.Conv2d)


def as_torch_starts(key: str, tensor: Tensor) -> None:
    """Uniform between the roots of 1 / inputs, as torch starts convolutions."""
    bound = 1 / math.sqrt(tensor[0].numel())
    assert tensor.abs().max() <= bound, key
    assert tensor.double().square().mean().item() == pytest.approx(bound**2 / 3, rel=0.1), key


Start = Callable[[str, Tensor], None]

CONVNEXT: dict[str, Start] = {
    "gamma": lambda key, tensor: torch.testing.assert_close(tensor, torch.full_like(tensor, 1e-6)),
}

VIT: dict[str, Start] = {
    "pos_embed": lambda key, tensor: assert_normal(key, tensor, 0.02),
    "cls_token": lambda key, tensor: assert_normal(key, tensor, 1e-6),
    "patch_embed.proj.weight": as_torch_starts,
    "patch_embed.proj.bias": lambda key, tensor: None,  # torch's: uniform, of its weight's inputs
}


@pytest.mark.parametrize(
    ("expression", "others"),
    [('timm("test_convnext")', CONVNEXT), ('timm("test_vit")', VIT)],
)
def test_convnext_and_vit_start_as_their_authors_do(expression: str, others: dict[str, Start]) -> None:
    network = built(expression).network
    for key, tensor in drawn(expression).items():
        special = next((check for end, check in others.items() if key.endswith(end)), None)
        if special is not None:
            special(key, tensor)
        elif two_hundredths(network, key):
            assert_normal(key, tensor, 0.02)
        else:
            assert torch.equal(tensor, torch.full_like(tensor, key.endswith("weight"))), key


def test_a_residual_end_must_be_a_tensor_of_the_network() -> None:
    with pytest.raises(ValueError, match="bn9"):
        Backbone(
            build=lambda: nn.Sequential(nn.Conv2d(3, 4, 3)),
            stages=[Stage("all", 4, 1, ("0",))],
            in_channels=3,
            num_features=4,
            features=lambda network, x: [network(x)],
            pooled=lambda network, x: network(x).mean(dim=(2, 3)),
            residual_ends=("bn9.weight",),
        )
