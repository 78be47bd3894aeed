"""Strict loading: a backbone gets every tensor from the initializer, or nothing changes and the message says why."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.loading.contract import Weights, build
from initializers.loading.fingerprints import fingerprint
from initializers.loading.loading import LoadReport, initialize
from specs.errors import WeightsError
from tests.initializers.contract import given, no_runs, seeded, tiny

Edit = Callable[[dict[str, Tensor]], object]


def load(backbone: Backbone, edit: Edit) -> LoadReport:
    """Load random weights after an edit of them."""

    def make(backbone: Backbone, generator: torch.Generator) -> Weights:
        tensors = backbone.draw(generator)
        edit(tensors)
        return Weights(tensors, source="a test")

    return initialize(backbone, given(make), seeded(1), no_runs)


def rename(tensors: dict[str, Tensor]) -> None:
    tensors["conv1.conv.weights"] = tensors.pop("conv1.conv.weight")


def half(tensors: dict[str, Tensor]) -> None:
    tensors["conv1.conv.weight"] = tensors["conv1.conv.weight"].half()


def with_value(name: str, value: float) -> Edit:
    def edit(tensors: dict[str, Tensor]) -> None:
        tensors[name].view(-1)[0] = value

    return edit


REFUSALS: dict[str, tuple[Edit, str]] = {
    "a renamed tensor": (rename, r"1 missing: conv1\.conv\.weight; 1 unexpected: conv1\.conv\.weights"),
    "a missing parameter": (lambda tensors: tensors.pop("conv1.bn.bias"), r"1 missing: conv1\.bn\.bias"),
    "a missing statistic": (
        lambda tensors: tensors.pop("conv1.bn.running_var"),
        r"1 missing: conv1\.bn\.running_var",
    ),
    "an unexpected tensor": (
        lambda tensors: tensors.update({"projector.0.weight": torch.zeros(1)}),
        r'1 unexpected: projector\.0\.weight\.\n.*drop=\("projector\."',
    ),
    "another shape": (
        lambda tensors: tensors.update({"conv1.conv.weight": torch.zeros(8, 1, 3, 3)}),
        r"1 of another shape: conv1\.conv\.weight is \(8, 1, 3, 3\) instead of \(8, 3, 3, 3\)",
    ),
    "a tensor that only broadcasts to the shape": (
        lambda tensors: tensors.update({"conv1.bn.bias": torch.zeros(1)}),
        r"conv1\.bn\.bias is \(1,\) instead of \(8,\)",
    ),
    "not a number": (with_value("conv1.conv.weight", float("nan")), r"1 not finite: conv1\.conv\.weight"),
    "infinity in a statistic": (with_value("conv1.bn.running_mean", float("-inf")), r"1 not finite: conv1\.bn\.runn"),
    "a variance below 0": (
        with_value("conv1.bn.running_var", -0.5),
        r"1 below 0: conv1\.bn\.running_var.*A variance has no such value",
    ),
    "a double that overflows": (
        lambda tensors: tensors.update({"conv1.bn.bias": torch.full((8,), 1e300, dtype=torch.float64)}),
        r"1 not finite: conv1\.bn\.bias",
    ),
    "quantized weights": (
        lambda tensors: tensors.update({"conv1.bn.bias": torch.ones(8, dtype=torch.int8)}),
        r"1 of another kind of number: conv1\.bn\.bias is int8 instead of float32",
    ),
    "no tensors at all": (dict.clear, r"50 missing: (\S+, ){8}and so on"),
}


@pytest.mark.parametrize(("edit", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_weights_that_do_not_fit_are_refused_and_nothing_changes(edit: Edit, message: str) -> None:
    backbone = tiny()
    before = fingerprint(backbone.weights())
    with pytest.raises(WeightsError, match=f"(?s)nothing was loaded.*Source: a test.*{message}"):
        load(backbone, edit)
    assert fingerprint(backbone.weights()) == before


def test_another_architecture_is_refused() -> None:
    wide = {name: tensor.repeat_interleave(2, 0) for name, tensor in tiny().weights().items() if tensor.ndim}
    with pytest.raises(WeightsError, match=r"50 of another shape: conv1\.conv\.weight is \(16, 3, 3, 3\) instead of"):
        load(tiny(), lambda tensors: tensors.update(wide))


def test_only_step_counters_may_be_missing_and_are_set_to_zero_and_reported() -> None:
    backbone = tiny()
    for name, buffer in backbone.network.named_buffers():
        if name.endswith("num_batches_tracked"):
            buffer.fill_(7)

    def without_counters(tensors: dict[str, Tensor]) -> None:
        for name in [name for name in tensors if name.endswith("num_batches_tracked")]:
            del tensors[name]

    report = load(backbone, without_counters)
    assert len(report.counters) == 10 and not set(report.counters) & set(report.loaded)
    assert all(backbone.weights()[name] == 0 for name in report.counters)


def test_half_precision_is_converted_and_reported() -> None:
    backbone = tiny()
    report = load(backbone, half)
    assert report.converted == {"conv1.conv.weight": "float16"}
    weight = backbone.weights()["conv1.conv.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, backbone.draw(seeded(1))["conv1.conv.weight"].half().float())


def test_the_backbone_owns_its_weights_after_loading() -> None:
    backbone, kept = tiny(), tiny().draw(seeded(1))
    initialize(backbone, given(lambda backbone, generator: Weights(kept, source="kept")), seeded(1), no_runs)
    kept["conv1.conv.weight"].zero_()
    assert backbone.weights()["conv1.conv.weight"].abs().sum() > 0


def test_weights_that_ask_for_gradients_are_loaded_as_plain_values() -> None:
    backbone = tiny()
    load(backbone, lambda tensors: tensors["conv1.bn.bias"].requires_grad_())
    assert all(parameter.is_leaf for parameter in backbone.parameters())


def test_the_report_names_the_canonical_expression() -> None:
    report = initialize(tiny(), build("mean_var(random)"), seeded(0), no_runs)
    assert report.initializer == 'mean_var(source=random(residual="one"), draw="normal")'
    assert LoadReport.from_json(json.loads(json.dumps(report.to_json()))) == report
