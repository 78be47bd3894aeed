"""The registered backbones."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import timm
import torch
import torchvision

from specs.errors import UsageError
from specs.registry import BACKBONES
from tests.backbones.contract import BackboneContract, built
from tests.conftest import PROJECT


class TestTiny(BackboneContract):
    expression = "tiny(width=8)"
    size = 33


class TestSlimTiny(BackboneContract):
    expression = "tiny(width=8, slim=True)"
    size = 33


class TestPlain(BackboneContract):
    expression = "plain(width=8)"
    size = 33


class TestWellStartedPlain(BackboneContract):
    expression = 'plain(depth=3, width=4, start="he")'
    size = 33


def test_a_plain_network_keeps_the_size_of_signals_from_one_start_and_loses_it_from_the_other() -> None:
    """What an image changes, over eight layers: about the same, or about sqrt(6) times less in each."""
    changed = {}
    for start in ("torch", "he"):
        backbone = BACKBONES.build(f'plain(start="{start}")')
        weights = backbone.draw(torch.Generator().manual_seed(0))
        backbone.network.load_state_dict(weights)
        images = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            first, *_, last = backbone.features(images)
        changed[start] = float(last.std(dim=0).mean() / first.std(dim=0).mean())
        inputs = weights["stage2.conv2.weight"][0].numel()
        variance = {"torch": 1 / (3 * inputs), "he": 2 / inputs}[start]
        assert float(weights["stage2.conv2.weight"].var()) == pytest.approx(variance, rel=0.05)
    assert changed["he"] > 100 * changed["torch"]


@pytest.mark.parametrize("arguments", ["depth=2", "width=0"])
def test_a_plain_network_of_too_few_layers_or_channels_is_refused(arguments: str) -> None:
    with pytest.raises(UsageError, match="plain: depth is 3 or more and width 1 or more"):
        BACKBONES.build(f"plain({arguments})")


class TestResNet18(BackboneContract):
    expression = "resnet18"


class TestResNet50(BackboneContract):
    expression = "resnet50"


class TestResNet50Slim(BackboneContract):
    expression = "resnet50_slim"


def test_the_slim_network_has_the_papers_number_of_parameters() -> None:
    for name, expected in (("resnet50_slim", 7_140_421), ("resnet50", 23_518_277)):
        backbone = BACKBONES.build(name)
        classifier = 5 * backbone.num_features + 5
        assert sum(parameter.numel() for parameter in backbone.parameters()) + classifier == expected


class TestInceptionV3(BackboneContract):
    expression = "inception_v3"
    size = 96
    slack = 4


class TestCBR(BackboneContract):
    expression = 'cbr("tiny")'
    size = 33


class TestNarrowCBR(BackboneContract):
    expression = 'cbr("large_t", width=2)'
    size = 33


class TestSlimCBR(BackboneContract):
    expression = 'cbr("large_w", width=4, slim=True)'
    size = 33


class TestEfficientNetLite0(BackboneContract):
    expression = "efficientnet_lite0"


class TestEfficientNetLite1(BackboneContract):
    expression = "efficientnet_lite1"


class TestEfficientNetLite2(BackboneContract):
    expression = "efficientnet_lite2"
    size = 33


class TestConvNeXt(BackboneContract):
    expression = 'timm("convnext_atto")'


class TestViT(BackboneContract):
    expression = 'timm("vit_tiny_patch16_224")'
    size = 224


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_resnets_have_torchvisions_names_and_shapes(name: str) -> None:
    ours = {key: tensor.shape for key, tensor in BACKBONES.build(name).weights().items()}
    theirs = {key: tensor.shape for key, tensor in getattr(torchvision.models, name)().state_dict().items()}
    assert ours == {key: shape for key, shape in theirs.items() if not key.startswith("fc.")}


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_resnets_have_the_stages_of_the_papers(name: str) -> None:
    stages = BACKBONES.build(name).stages
    assert [stage.name for stage in stages] == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    assert [stage.stride for stage in stages] == [2, 4, 8, 16, 32]


# Parameters without the classifier of 1000 classes, of the 4.7, 5.4 and 6.1 million that Google states.
@pytest.mark.parametrize(("number", "stated"), [(0, 4_652_008), (1, 5_416_680), (2, 6_092_072)])
def test_efficientnet_lite_is_timms_of_tensorflow_in_five_stages(number: int, stated: int) -> None:
    ours = built(f"efficientnet_lite{number}")
    assert sum(parameter.numel() for parameter in ours.parameters()) + 1000 * (ours.num_features + 1) == stated
    assert [stage.name for stage in ours.stages] == ["blocks.0", "blocks.1", "blocks.2", "blocks.4", "blocks.6"]
    assert [stage.stride for stage in ours.stages] == [2, 4, 8, 16, 32]
    ends = {stage: [key for key in ours.weights() if ours.stage_of(key) == stage] for stage in ("blocks.0", "blocks.6")}
    assert (ends["blocks.0"][0], ends["blocks.6"][-1]) == ("conv_stem.weight", "bn2.num_batches_tracked")
    theirs = timm.create_model(f"tf_efficientnet_lite{number}", num_classes=0).eval()
    theirs.load_state_dict(ours.weights())
    image = torch.randn(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))


def test_each_network_has_one_name_and_a_namesake_of_timms_is_another_network() -> None:
    with pytest.raises(UsageError, match=r'write efficientnet_lite0 instead of timm\("tf_efficientnet_lite0"\)'):
        BACKBONES.build('timm("tf_efficientnet_lite0")')
    padded_as_torch = BACKBONES.build('timm("efficientnet_lite0")').eval()
    padded_as_torch.network.load_state_dict(built("efficientnet_lite0").weights())
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert not torch.allclose(padded_as_torch(image), built("efficientnet_lite0")(image), atol=1e-3)


def test_a_resnet_computes_what_torchvisions_does() -> None:
    ours, theirs = BACKBONES.build("resnet18").eval(), torchvision.models.resnet18().eval()
    ours.network.load_state_dict({k: v for k, v in theirs.state_dict().items() if not k.startswith("fc.")})
    theirs.fc = torch.nn.Identity()
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image))


def test_the_pooled_feature_is_timms_own() -> None:
    ours = BACKBONES.build('timm("mobilenetv3_small_050")').eval()
    theirs = timm.create_model("mobilenetv3_small_050", num_classes=0).eval()
    theirs.load_state_dict(ours.weights())
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))
    assert ours.num_features == theirs(image).shape[1]


CONVOLUTIONS = {"large_t": 8_532_480, "large_w": 8_432_128, "small": 2_108_672, "tiny": 1_076_480}


@pytest.mark.parametrize("variant", CONVOLUTIONS)
def test_cbr_has_the_published_number_of_parameters(variant: str) -> None:
    # Raghu et al. 2019, Table 1; the numbers count all convolutions but the first, and five output weights.
    backbone = BACKBONES.build(f'cbr("{variant}")')
    weights = {name: tensor.numel() for name, tensor in backbone.weights().items() if name.endswith("conv.weight")}
    assert sum(weights.values()) - weights["conv1.conv.weight"] + 5 * backbone.num_features == CONVOLUTIONS[variant]


@pytest.mark.parametrize(
    ("variant", "count"),
    [
        ("large_t", 8_539_173),
        ("large_w", 8_443_461),
        ("small", 2_114_341),
        ("tiny", 1_079_845),
        ("tiny_as_written", 4_310_085),
    ],
)
def test_cbr_with_five_classes_has_the_counted_parameters(variant: str, count: int) -> None:
    backbone = BACKBONES.build(f'cbr("{variant}")')
    head = torch.nn.Linear(backbone.num_features, 5)
    assert sum(p.numel() for module in (backbone, head) for p in module.parameters()) == count


def test_cbr_large_t_has_five_stages_and_the_others_four() -> None:
    for variant, stages in (("large_t", 5), ("large_w", 4), ("small", 4), ("tiny", 4)):
        found = BACKBONES.build(f'cbr("{variant}")').stages
        assert [stage.name for stage in found] == [f"conv{number}" for number in range(1, stages + 1)]


def test_cbr_is_narrowed_in_proportion() -> None:
    def channels(arguments: str) -> list[int]:
        return [stage.channels for stage in BACKBONES.build(f"cbr({arguments})").stages]

    assert channels('"small", width=8') == [8, 16, 32, 64]
    assert channels('"large_t", width=1') == [1, 2, 4, 8, 16]
    for variant, width in (("large_t", 32), ("large_w", 64), ("small", 32), ("tiny", 32), ("tiny_as_written", 64)):
        assert channels(f'"{variant}"') == channels(f'"{variant}", width={width}')
    for width in (0, -8):
        with pytest.raises(UsageError, match=f"1 or more, found {width}"):
            channels(f'"small", width={width}')


def parameters(expression: str) -> int:
    return sum(parameter.numel() for parameter in BACKBONES.build(expression).parameters())


@pytest.mark.parametrize("width", [2, 8])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_tiny_has_the_parameters_of_its_convolutions_and_norms_slim_or_not(width: int, in_channels: int) -> None:
    def counted(*widths: int) -> int:
        stem = 9 * in_channels * widths[0] + 2 * widths[0]
        # From a to b channels: 3x3 and 3x3 and a 1x1 shortcut, each with a weight and a bias of batch norm.
        return stem + sum(9 * a * b + 9 * b * b + a * b + 3 * 2 * b for a, b in itertools.pairwise(widths))

    w, given = width, f"width={width}, in_channels={in_channels}"
    assert parameters(f"tiny({given})") == counted(w, 2 * w, 4 * w, 8 * w)
    assert parameters(f"tiny({given}, slim=True)") == counted(w, 2 * w, 2 * w, 4 * w)


@pytest.mark.parametrize(
    ("variant", "kernel", "widths"),
    [
        ("large_t", 7, (32, 64, 128, 128, 256)),
        ("large_w", 7, (64, 128, 128, 256)),
        ("small", 7, (32, 64, 64, 128)),
        ("tiny", 5, (32, 64, 64, 128)),
        ("tiny_as_written", 5, (64, 128, 128, 256)),
    ],
)
def test_a_slim_cbr_has_the_parameters_of_its_convolutions_and_norms(
    variant: str, kernel: int, widths: tuple[int, ...]
) -> None:
    convolutions = sum(kernel**2 * a * b for a, b in itertools.pairwise((3, *widths)))
    assert parameters(f'cbr("{variant}", slim=True)') == convolutions + 2 * sum(widths)


@pytest.mark.parametrize("expression", ["tiny(width=4", 'cbr("large_t", width=4', 'cbr("small", width=4'])
def test_a_slim_network_has_the_other_ones_stages_and_tensors_but_in_the_last_two(expression: str) -> None:
    slim, whole = BACKBONES.build(f"{expression}, slim=True)"), BACKBONES.build(f"{expression})")
    assert slim.stages[:-2] == whole.stages[:-2]
    for thin, wide in zip(slim.stages[-2:], whole.stages[-2:], strict=True):
        assert (thin.name, thin.stride, 2 * thin.channels) == (wide.name, wide.stride, wide.channels)
    assert list(slim.weights()) == list(whole.weights())
    last = {stage.name for stage in slim.stages[-2:]}
    for name, tensor in slim.weights().items():
        if slim.stage_of(name) not in last:
            assert tensor.shape == whole.weights()[name].shape


def test_an_unknown_timm_model_lists_the_nearest() -> None:
    with pytest.raises(UsageError, match="resnet34"):
        BACKBONES.build('timm("resnet43")')


@pytest.mark.parametrize(
    ("name", "message"),
    [("twins_svt_small", r"does not have \(block\.0, .*Choose another"), ("coat_tiny", "no stages one after another")],
)
def test_a_network_whose_stages_cannot_be_told_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BACKBONES.build(f'timm("{name}")')


def test_a_tag_behind_the_architecture_is_refused() -> None:
    with pytest.raises(UsageError, match="without the tag"):
        BACKBONES.build('timm("resnet50.a1_in1k")')


def test_a_backbone_with_a_name_of_its_own_has_no_second_spelling() -> None:
    with pytest.raises(UsageError, match=r"write resnet50 instead"):
        BACKBONES.build('timm("resnet50")')


def test_listing_and_binding_import_no_torch() -> None:
    code = (
        "import sys; from specs.registry import BACKBONES\n"
        "for name in BACKBONES.entries: BACKBONES.get(name)\n"
        "assert 'torch' not in sys.modules and 'timm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_a_transformer_says_which_image_size_it_takes_and_can_be_built_for_another() -> None:
    sizes = {
        'timm("vit_tiny_patch16_224")': 224,
        'timm("vit_tiny_patch16_224", image_size=64)': 64,
        'timm("vit_tiny_patch16_224", image_size=64, patch_size=8)': 64,
        'timm("swin_tiny_patch4_window7_224", image_size=96)': 96,
        'timm("test_vit")': None,
        "resnet18": None,
    }
    for expression, size in sizes.items():
        with torch.device("meta"):
            assert BACKBONES.build(expression).image_size == size
    patches = BACKBONES.build('timm("vit_tiny_patch16_224", image_size=64, patch_size=8)')
    assert patches.weights()["pos_embed"].shape == (1, 65, 192)
    with torch.no_grad():
        assert patches(torch.zeros(1, 3, 64, 64)).shape == (1, 192)
