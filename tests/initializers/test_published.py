"""Every published checkpoint: its own container and names, every tensor's value, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from initializers.loading.contract import build
from initializers.loading.fingerprints import fingerprint
from initializers.loading.loading import initialize
from initializers.publishing.publishing import Published
from initializers.publishing.variable import VARIABLE
from specs.errors import WeightsError
from specs.registry import BACKBONES, INITIALIZERS
from tests.initializers.contract import no_runs, seeded
from tests.initializers.published import FORMATS, Format, distinct, narrow_resnet50, write

BY_EXPRESSION = {form.expression: form for form in FORMATS}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weight store of a test's own, without the publishers' hashes, which no file made here can have."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    for entry in INITIALIZERS.entries.values():
        cls = INITIALIZERS.get(entry.name)
        if isinstance(cls, type) and issubclass(cls, Published):
            _without_digest(cls, monkeypatch)
    return tmp_path / "weights"


def _without_digest(cls: type[Published], monkeypatch: pytest.MonkeyPatch) -> None:
    get: Callable[[Published], Any] = cls.file.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(cls, "file", property(lambda self: dataclasses.replace(get(self), digest=None)))


def test_every_published_initializer_has_its_format_here() -> None:
    ours = {
        entry.name
        for entry in INITIALIZERS.entries.values()
        if isinstance(cls := INITIALIZERS.get(entry.name), type) and issubclass(cls, Published)
    }
    others = {  # each of which has a file of tests
        "simclr_v1", "simclr_v2", "byol", "timm", "torchxrayvision", "rad_dino", "biomedclip", "retfound", "ark",
    }  # fmt: skip
    assert ours - others == {form.expression.partition("(")[0] for form in FORMATS}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.expression)
def test_every_tensor_of_the_published_file_arrives_with_its_value(form: Format, store: Path) -> None:
    backbone = narrow_resnet50()
    tensors = distinct(backbone)
    write(form, tensors, store)
    report = initialize(backbone, build(form.expression), seeded(0), no_runs)
    for name, tensor in backbone.weights().items():
        assert torch.equal(tensor, tensors[name]), name
    assert set(report.loaded) == set(tensors)
    assert report.after == fingerprint(tensors)
    assert not report.transformed
    assert not report.counters
    assert set(report.dropped) == {name.removeprefix(form.prefix) for name in (*form.extras, *form.head)}
    assert report.source.startswith(f"{form.file} (torch checkpoint")
    assert (f"entry {form.container!r}".replace("'", '"') in report.source) == (form.container is not None)
    assert (f"prefix {form.prefix!r}" in report.source) == bool(form.prefix)
    assert report.card["training_data"]
    assert report.card["licence"]


FULL = {(form.prefix, form.container, form.legacy): form for form in FORMATS}


@pytest.mark.parametrize("form", FULL.values(), ids=lambda form: form.expression)
def test_a_resnet50_of_full_width_loads_with_all_its_tensors(form: Format, store: Path) -> None:
    backbone = BACKBONES.build("resnet50")
    tensors = distinct(backbone)
    assert sum(not name.endswith("num_batches_tracked") for name in tensors) == 265
    assert len(tensors) == 318
    write(form, tensors, store)
    report = initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert len(report.loaded) == 318
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())


def test_the_smaller_imagenet_network_is_loaded_into_its_own_architecture(store: Path) -> None:
    backbone = BACKBONES.build("resnet18")
    tensors = distinct(backbone)
    write(Format("imagenet", "resnet18-f37072fd.pth", head=("fc.weight", "fc.bias"), legacy=False), tensors, store)
    report = initialize(backbone, build('imagenet("resnet18")'), seeded(0), no_runs)
    assert len(report.loaded) == len(tensors) == 120
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    with pytest.raises(WeightsError, match="missing"):
        initialize(BACKBONES.build("resnet50"), build('imagenet("resnet18")'), seeded(0), no_runs)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.expression)
def test_counters_may_be_missing_and_nothing_else(form: Format, store: Path) -> None:
    backbone = narrow_resnet50()
    tensors = distinct(backbone)
    counters = [name for name in tensors if name.endswith("num_batches_tracked")]
    write(form, {name: tensor for name, tensor in tensors.items() if name not in counters}, store)
    report = initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert sorted(report.counters) == sorted(counters)
    assert len(counters) == 53


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"layer2.0.conv9.weight" if name == "layer2.0.conv1.weight" else name: of for name, of in tensors.items()}


def _missing(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name != "layer2.0.conv1.weight"}


def _unexpected(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return tensors | {"layer2.0.conv9.weight": torch.zeros(2)}


def _misshapen(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return tensors | {"layer2.0.conv1.weight": torch.zeros(3, 3, 1, 1)}


def _not_finite(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    changed = tensors["layer2.0.conv1.weight"].clone()
    changed.view(-1)[0] = torch.nan
    return tensors | {"layer2.0.conv1.weight": changed}


@pytest.mark.parametrize("form", FULL.values(), ids=lambda form: form.expression)
@pytest.mark.parametrize("spoil", [_renamed, _missing, _unexpected, _misshapen, _not_finite])
def test_what_is_not_whole_is_refused_with_the_tensors_name(
    form: Format, spoil: Callable[[dict[str, Tensor]], dict[str, Tensor]], store: Path
) -> None:
    backbone = narrow_resnet50()
    write(form, spoil(distinct(backbone)), store)
    before = {name: tensor.clone() for name, tensor in backbone.weights().items()}
    with pytest.raises(WeightsError, match=r"layer2\.0\.conv[19]\.weight"):
        initialize(backbone, build(form.expression), seeded(0), no_runs)
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.weights().items())


def test_half_precision_is_converted_and_recorded(store: Path) -> None:
    backbone = narrow_resnet50()
    tensors = {name: of.half() if of.is_floating_point() else of for name, of in distinct(backbone).items()}
    write(BY_EXPRESSION["moco_v2"], tensors, store)
    report = initialize(backbone, build("moco_v2"), seeded(0), no_runs)
    assert set(report.converted.values()) == {"float16"}
    assert len(report.converted) == 265
    assert all(torch.equal(of, tensors[name].to(of.dtype)) for name, of in backbone.weights().items())


def test_a_gray_network_takes_the_sum_over_the_channels(store: Path) -> None:
    backbone = narrow_resnet50(in_channels=1)
    tensors = distinct(narrow_resnet50())
    write(BY_EXPRESSION["swav"], tensors, store)
    report = initialize(backbone, build("swav"), seeded(0), no_runs)
    assert report.transformed == {"conv1.weight": "sum of 3 input channels"}
    assert torch.equal(backbone.weights()["conv1.weight"], tensors["conv1.weight"].sum(dim=1, keepdim=True))


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.expression)
def test_a_file_that_is_not_there_is_answered_with_where_to_get_it_and_where_to_put_it(
    form: Format, store: Path
) -> None:
    initializer = build(form.expression)
    assert isinstance(initializer, Published)
    with pytest.raises(WeightsError) as caught:
        initializer.identity()
    message = str(caught.value)
    assert str(store / form.file) in message
    assert (initializer.file.url or initializer.file.page) in message
    assert VARIABLE in message


def test_bytes_that_changed_since_the_first_use_are_refused(store: Path) -> None:
    form = BY_EXPRESSION["barlow_twins"]
    path = write(form, distinct(narrow_resnet50()), store)
    first = build("barlow_twins").identity()
    os.utime(path, (1, 1))  # a copy of the same bytes is the same file
    assert build("barlow_twins").identity() == first
    write(form, distinct(narrow_resnet50(), seed=8), store)
    with pytest.raises(WeightsError, match=rf"(?s){first['sha256']} when it was first used.*records"):
        build("barlow_twins").identity()
    (store / "records" / f"{form.file}.json").unlink()
    assert build("barlow_twins").identity() != first


def test_a_file_that_is_not_the_publishers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    write(BY_EXPRESSION["moco_v2"], distinct(narrow_resnet50()), tmp_path)
    with pytest.raises(WeightsError, match=r"has the md5 \w+, and its publishers' begins with a04e12f8"):
        build("moco_v2").identity()
    assert not (tmp_path / "records").exists()


def test_a_file_is_converted_once(store: Path) -> None:
    path = write(BY_EXPRESSION["dino"], distinct(narrow_resnet50()), store)
    initialize(narrow_resnet50(), build("dino"), seeded(0), no_runs)
    (converted,) = (store / "converted").glob("*.safetensors")
    before = converted.stat().st_mtime_ns
    initialize(narrow_resnet50(), build("dino"), seeded(1), no_runs)
    assert converted.stat().st_mtime_ns == before
    record = json.loads((store / "records" / f"{path.name}.json").read_text())
    assert converted.name.startswith(record["sha256"])


class Exploit:
    """Would create a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_would_run_something_is_refused_before_it_does(legacy: bool, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "was-here"
    content = {"state_dict": distinct(narrow_resnet50()), "args": Exploit(target)}
    store.mkdir()
    torch.save(content, store / "moco_v2_800ep_pretrain.pth.tar", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(WeightsError, match="would run code"):
        initialize(narrow_resnet50(), build("moco_v2"), seeded(0), no_runs)
    assert not target.exists()
    pickle.loads(pickle.dumps(Exploit(target)))
    assert target.exists()  # the payload is a real one


def _cut(content: bytes) -> bytes:
    return content[:100]


def _flipped(content: bytes) -> bytes:
    """One bit of one weight."""
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


@pytest.mark.parametrize("damage", [_cut, _flipped])
@pytest.mark.parametrize("expression", ["dino", "mean_var(dino)"])
def test_a_damaged_conversion_is_refused_with_what_to_do(
    damage: Callable[[bytes], bytes], expression: str, store: Path
) -> None:
    write(BY_EXPRESSION["dino"], distinct(narrow_resnet50()), store)
    initialize(narrow_resnet50(), build("dino"), seeded(0), no_runs)
    (converted,) = (store / "converted").glob("*.safetensors")
    converted.write_bytes(damage(converted.read_bytes()))
    backbone = narrow_resnet50()
    before = fingerprint(backbone.weights())
    with pytest.raises(WeightsError, match=rf"{converted.name} is damaged .* Delete .*{converted.stem}.json"):
        initialize(backbone, build(expression), seeded(0), no_runs)
    assert fingerprint(backbone.weights()) == before
    converted.with_suffix(".json").unlink()
    initialize(backbone, build(expression), seeded(0), no_runs)
