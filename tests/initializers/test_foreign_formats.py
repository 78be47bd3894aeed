"""SimCLR's and BYOL's files at full width, and what is not whole in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.variable import VARIABLE
from specs.errors import WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import no_runs, seeded
from tests.initializers.foreign import Arrays, byol_names, simclr_names, write_byol, write_simclr
from tests.initializers.published import distinct, narrow_resnet50


class Format(NamedTuple):
    """How a program's file is made, and its name of layer2.0.conv1."""

    expression: str
    file: str
    names: Callable[[dict[str, Tensor]], Arrays]
    write: Callable[[Path, Arrays], None]
    kernel: str


FORMATS = [
    Format("simclr_v1", "ResNet50_1x.zip", simclr_names, write_simclr, "base_model/conv2d_12/kernel"),
    Format("simclr_v2", "simclrv2_r50_1x_sk0.zip", simclr_names, write_simclr, "base_model/conv2d_12/kernel"),
    Format(
        "byol", "pretrain_res50x1.pkl", byol_names, write_byol, "byol/res_net50/~/block_group_1/~/block_0/~/conv_0/w"
    ),
]  # fmt: skip
every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.expression)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@every_format
@pytest.mark.parametrize("width", ["full", "narrow"])
def test_every_tensor_arrives_with_its_value_and_the_counters_are_said_to_be_missing(
    form: Format, width: str, store: Path
) -> None:
    backbone = BACKBONES.build("resnet50") if width == "full" else narrow_resnet50()
    tensors = distinct(backbone)
    form.write(store / form.file, form.names(tensors))
    report = initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert (len(report.loaded), len(report.counters)) == (265, 53)
    for name, tensor in backbone.weights().items():
        if name not in report.counters:
            assert torch.equal(tensor, tensors[name]), name


def _renamed(arrays: Arrays, kernel: str) -> None:
    arrays[kernel.rsplit("/", 1)[0] + "/bias"] = arrays.pop(kernel)


def _missing(arrays: Arrays, kernel: str) -> None:
    del arrays[kernel]


def _unexpected(arrays: Arrays, kernel: str) -> None:
    arrays[kernel.replace("conv2d_12", "conv2d_99").replace("block_0", "block_7")] = arrays[kernel].copy()


def _misshapen(arrays: Arrays, kernel: str) -> None:
    arrays[kernel] = arrays[kernel][..., :-1]


def _not_finite(arrays: Arrays, kernel: str) -> None:
    arrays[kernel] = np.where(np.arange(arrays[kernel].size).reshape(arrays[kernel].shape) == 1, np.nan, arrays[kernel])


@every_format
@pytest.mark.parametrize("spoil", [_renamed, _missing, _unexpected, _misshapen, _not_finite])
def test_what_is_not_whole_is_refused_with_its_name(
    form: Format, spoil: Callable[[Arrays, str], None], store: Path
) -> None:
    backbone = narrow_resnet50()
    arrays = form.names(distinct(backbone))
    spoil(arrays, form.kernel)
    form.write(store / form.file, arrays)
    before = {name: tensor.clone() for name, tensor in backbone.weights().items()}
    with pytest.raises(WeightsError, match=r"layer2\.[07]\.conv1\.weight|base_model/conv2d_(12|99)\b"):
        initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.weights().items())


@every_format
def test_half_precision_is_converted_and_recorded(form: Format, store: Path) -> None:
    backbone = narrow_resnet50()
    tensors = distinct(backbone)
    halves = {name: array.astype(np.float16) for name, array in form.names(tensors).items()}
    if "global_step" in halves:
        halves["global_step"] = np.array(1)
    form.write(store / form.file, halves)
    report = initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert set(report.converted.values()) == {"float16"}
    assert torch.equal(backbone.weights()["conv1.weight"], tensors["conv1.weight"].half().float())
