"""Which arguments of `file` load a checkpoint: every way that is told loads it whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from initializers.file import File
from initializers.formats.checkpoints import read_container
from initializers.formats.spellings import of_old_densenet, of_sequential, spelled
from initializers.loading.contract import no_runs
from initializers.loading.loading import initialize
from initializers.publishing.advising import Way, ways
from specs.errors import WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import seeded, tiny


def network(seed: int) -> dict[str, Tensor]:
    return tiny().draw(seeded(seed))


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


ONE, TWO = network(1), network(2)
HEAD = {"head.mlp.weight": torch.ones(2), "head.last_layer.weight_g": torch.ones(1)}

FILES: dict[str, tuple[Any, list[Way]]] = {
    "plain": (ONE, [Way(None, None, ())]),
    "compiled": (under("_orig_mod.", ONE), [Way(None, None, ())]),
    "compiled, then parallel": (under("_orig_mod.module.", ONE), [Way(None, None, ())]),
    "parallel, then compiled": ({"model": under("module._orig_mod.", ONE)}, [Way(None, None, ())]),
    "compiled in Lightning": ({"state_dict": under("model._orig_mod.", ONE)}, [Way(None, None, ())]),
    "averaged beside": (
        {"state_dict": ONE, "state_dict_ema": TWO},
        [Way(None, None, ()), Way("state_dict_ema", None, ())],
    ),
    "averaged alone": ({"model_ema": ONE, "epoch": 3}, [Way(None, None, ())]),
    "DINO": (
        {"student": under("module.backbone.", ONE) | under("module.", HEAD), "teacher": under("backbone.", TWO) | HEAD},
        [Way("teacher", None, ()), Way("student", None, ("module.head.",))],
    ),
    "DINOv2": (
        {"model": under("student.backbone.", ONE) | under("teacher.backbone.", TWO)},
        [Way(None, "student.backbone.", ("teacher.",)), Way(None, "teacher.backbone.", ("student.",))],
    ),
    "query and key": (
        {
            "state_dict": under("module.encoder_q.", ONE)
            | under("module.encoder_k.", TWO)
            | {"module.queue": torch.ones(1)}
        },
        [
            Way(None, None, ("module.encoder_k.", "module.queue")),
            Way(None, "module.encoder_k.", ("module.encoder_q.", "module.queue")),
        ],
    ),
    "a projector": (ONE | {"projector.0.weight": torch.ones(2)}, [Way(None, None, ("projector.",))]),
    "two entries deep": ({"a": {"b": under("x.y.", ONE)}, "c": 1}, [Way("a.b", "x.y.", ())]),
    "an unknown wrapper": (under("lit.trunk.", ONE), [Way(None, "lit.trunk.", ())]),
    "a larger network": (ONE | {f"{next(iter(ONE)).split('.')[0]}.more.weight": torch.ones(2)}, []),
    "another network": ({"a.weight": torch.ones(2)}, []),
    "not a number": (ONE | {next(iter(ONE)): torch.full_like(next(iter(ONE.values())), float("nan"))}, []),
    "itself": ({"state_dict": {"epoch": 1}}, []),
}  # fmt: skip
FILES["itself"][0]["model"] = FILES["itself"][0]


@pytest.mark.parametrize(("content", "expected"), FILES.values(), ids=FILES.keys())
def test_every_way_is_found_and_loads_what_it_says(content: Any, expected: list[Way], tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    torch.save(content, path)
    found = ways(read_container(path), tiny())
    assert sorted(found, key=str) == sorted(expected, key=str)
    loaded = []
    for way in found:
        backbone = tiny()
        initialize(backbone, File(str(path), *way), seeded(0), no_runs)
        loaded.append(1 if all(torch.equal(tensor, ONE[name]) for name, tensor in backbone.weights().items()) else 2)
    assert sorted(loaded) == [1, 2][: len(found)]


def test_what_is_told_is_told_of_the_simplest_way(tmp_path: Path) -> None:
    torch.save({"model": ONE, "ema": under("module.", TWO)}, tmp_path / "x.pth")
    assert ways(read_container(tmp_path / "x.pth"), tiny()) == [Way(None, None, ()), Way("ema", None, ())]


def test_numbered_modules_are_read_as_torchvisions() -> None:
    with torch.device("meta"):
        wanted = BACKBONES.build("resnet18").weights()
    numbers = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}
    theirs = {f"{numbers[name.split('.')[0]]}.{name.partition('.')[2]}": tensor for name, tensor in wanted.items()}
    found = spelled({f"backbone.{name}": tensor for name, tensor in theirs.items()}, wanted, None)
    assert (list(found.tensors), found.prefix) == (list(wanted), "backbone.")
    assert found.words == ", prefix 'backbone.', names of a numbered Sequential"
    assert of_sequential("2.weight") == "2.weight"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("features.denseblock1.denselayer2.norm.1.weight", "features.denseblock1.denselayer2.norm1.weight"),
        ("features.denseblock4.denselayer16.conv.2.weight", "features.denseblock4.denselayer16.conv2.weight"),
        ("features.transition1.norm.weight", "features.transition1.norm.weight"),
        ("features.norm0.weight", "features.norm0.weight"),
    ],
)
def test_densenets_of_old_are_read_by_todays_names(theirs: str, ours: str) -> None:
    assert of_old_densenet(theirs) == ours
    found = spelled({f"module.densenet121.{theirs}": torch.ones(1)}, [ours], None)
    assert (list(found.tensors), found.prefix) == ([ours], "module.densenet121.")


def test_two_spellings_of_one_name_are_refused() -> None:
    both = {"4.0.conv1.weight": torch.ones(1), "layer1.0.conv1.weight": torch.ones(1), "0.weight": torch.ones(1)}
    with pytest.raises(WeightsError, match=r"in two spellings .*layer1\.0\.conv1\.weight"):
        spelled(both, ["layer1.0.conv1.weight", "conv1.weight"], None)


def test_many_wrappers_take_no_time() -> None:
    names = {f"{'module.' * (number % 7)}{'model.' * (number % 5)}x{number}": torch.ones(1) for number in range(20_000)}
    assert len(spelled(names, ["w"], None).tensors) == 20_000
