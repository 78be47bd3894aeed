"""`medtransfer inspect`: what a checkpoint is, and what a backbone would get from it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from experiments.cli.command_line import main
from initializers.formats import checkpoints
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.store import WeightStore
from initializers.publishing.variable import VARIABLE
from specs.registry import BACKBONES
from tests.conftest import PROJECT
from tests.initializers.contract import no_runs, seeded, tiny
from tests.initializers.published import FORMATS, distinct, write

BY_EXPRESSION = {form.expression: form for form in FORMATS}
CLSA = ("clsa", 'clsa(training="single_800")', 'clsa(training="single_200")')
FIXTURES = PROJECT / "tests" / "initializers" / "fixtures"


def inspected(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    status = main(["inspect", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("expression", "formats", "dropped"),
    [
        ("moco_v2", {"moco_v1", "moco_v2", "pcl_v1", "pcl_v2", *CLSA}, 8),
        ("pirl", {"insdis", "pirl", "infomin"}, 3),
        ("swav", {"swav", "sela_v2", "deepcluster_v2"}, 3),
        ("radimagenet", {"radimagenet"}, 0),
    ],
)
def test_a_published_file_is_told_and_what_it_says_loads_it(
    expression: str,
    formats: set[str],
    dropped: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    backbone = BACKBONES.build("resnet50")
    tensors = distinct(backbone)
    path = write(BY_EXPRESSION[expression], tensors, tmp_path)
    status, found = inspected(capsys, path)
    assert status == 0
    assert set(found["formats"]) == formats
    assert found["formats"][0] == expression  # by the file's name
    assert found["expressions"] == [expression]
    assert (len(found["loaded"]), len(found["dropped"]), found["misfits"]) == (318, dropped, {})
    assert found["tensors"] == 318 + dropped
    path = path.rename(tmp_path / "renamed.pth")
    assert set(inspected(capsys, path)[1]["expressions"]) == formats
    if expression != "moco_v2":  # whose publishers give a hash
        WeightStore.current().add(build(expression).file, path)  # type: ignore[attr-defined]
        initialize(backbone, build(expression), seeded(0), no_runs)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())


def test_a_file_of_ones_own_is_loaded_by_the_expression_that_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = tiny().draw(seeded(1))
    path = tmp_path / "mine.pth"
    named = {f"module.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"net": named | {"module.projector.0.weight": torch.ones(2), "module.fc.bias": torch.ones(2)}}, path)
    status, found = inspected(capsys, path, "--backbone", "tiny(width=8)", "--key", "net")
    assert (status, found["misfits"], found["expressions"]) == (4, {"unexpected": ["projector.0.weight"]}, [])
    said = [path, "--backbone", "tiny(width=8)", "--key", "net", "--drop", "projector."]
    status, found = inspected(capsys, *said)
    assert (status, found["formats"], found["dropped"]) == (0, [], ["projector.0.weight", "fc.bias"])
    backbone = tiny()
    report = initialize(backbone, build(found["expressions"][0]), seeded(0), no_runs)
    assert list(report.loaded) == found["loaded"]
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    assert main(["inspect", *map(str, said)]) == 0
    text = capsys.readouterr().out
    assert "none that is known here" in text
    assert "drops      2: projector.0.weight, fc.bias" in text
    assert f"load it: {found['expressions'][0]}" in text


def test_a_tensor_of_another_shape_is_not_among_those_that_would_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = distinct(BACKBONES.build("resnet18"))
    tensors["layer4.0.conv1.weight"] = torch.zeros(3, 3, 3, 3)
    save_file(tensors, tmp_path / "weights.safetensors")
    status, found = inspected(capsys, tmp_path / "weights.safetensors", "--backbone", "resnet18")
    assert status == 4
    assert list(found["misfits"]) == ["of another shape"]
    assert set(tensors) - set(found["loaded"]) == {"layer4.0.conv1.weight"}


def test_what_would_be_transformed_and_what_does_not_fit_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vit.safetensors"
    save_file(distinct(BACKBONES.build('timm("test_vit")')), path)
    small = 'timm("test_vit", image_size=64, in_channels=1)'
    status, found = inspected(capsys, path, "--backbone", small)
    assert (status, set(found["transformed"])) == (0, {"pos_embed", "patch_embed.proj.weight"})
    status, found = inspected(capsys, path, "--backbone", "resnet18")
    assert status == 4
    assert len(found["misfits"]["missing"]) == 100
    assert main(["inspect", str(path), "--backbone", "resnet18"]) == 4
    assert "strict loading would refuse it" in capsys.readouterr().out


def test_files_of_other_programs_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = inspected(capsys, FIXTURES / "simclr.zip")
    assert status == 4  # a few channels wide
    assert found["formats"] == ["simclr_v1", "simclr_v2"]
    assert len(found["misfits"]["of another shape"]) == 265
    with (tmp_path / "pretrain_res50x1.pkl").open("wb") as file:
        pickle.dump({"experiment_state": {}, "step": 1}, file, protocol=2)
    assert main(["inspect", str(tmp_path / "pretrain_res50x1.pkl")]) == 4
    assert "byol: " in capsys.readouterr().err


def test_the_file_is_read_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(BY_EXPRESSION["pirl"], distinct(BACKBONES.build("resnet50")), tmp_path)
    reads, read = [], checkpoints.read_legacy

    def counted(*arguments: Any) -> Any:
        reads.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(checkpoints, "read_legacy", counted)
    assert inspected(capsys, path)[0] == 0
    assert len(reads) == 1


@pytest.mark.parametrize("content", [b"", b"<!doctype html>", b"\x80\x04", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused_by_name(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weights.pth").write_bytes(content)
    assert main(["inspect", str(tmp_path / "weights.pth")]) == 4
    said = capsys.readouterr().err
    assert "weights.pth" in said
    assert ("is a web page" in said) == content.startswith(b"<")


def test_what_would_load_a_file_is_printed_and_loads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    student, teacher = (tiny().draw(seeded(seed)) for seed in (1, 2))
    path = tmp_path / "dino.pth"
    torch.save({"student": student, "teacher": {f"backbone.{name}": one for name, one in teacher.items()}}, path)
    assert main(["inspect", str(path), "--backbone", "tiny(width=8)"]) == 4
    said = capsys.readouterr().err.splitlines()
    assert "holds no named tensors but student, teacher" in said[0]
    told = [line.removeprefix("This would load it: ") for line in said[1:]]
    assert told == [f'file("{path}", key="student")', f'file("{path}", key="teacher")']
    for expression, wanted in zip(told, (student, teacher), strict=True):
        backbone = tiny()
        initialize(backbone, build(expression), seeded(0), no_runs)
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in backbone.weights().items())


def test_another_network_of_the_file_is_told_beside_the_one_that_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "both.pth"
    torch.save({"state_dict": tiny().draw(seeded(1)), "state_dict_ema": tiny().draw(seeded(2))}, path)
    assert main(["inspect", str(path), "--backbone", "tiny(width=8)"]) == 0
    said = capsys.readouterr().out
    assert f'load it: file("{path}")' in said
    assert f'it holds another network that fits: file("{path}", key="state_dict_ema")' in said


def test_values_that_a_run_would_refuse_are_refused_here_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = tiny().draw(seeded(1))
    first = next(iter(tensors))
    save_file(tensors | {first: torch.full_like(tensors[first], float("nan"))}, tmp_path / "nan.safetensors")
    status, found = inspected(capsys, tmp_path / "nan.safetensors", "--backbone", "tiny(width=8)")
    assert (status, found["misfits"], found["expressions"], found["suggestions"]) == (
        4,
        {"not finite": [first]},
        [],
        [],
    )
    torch.save({first: torch.eye(3).to_sparse()}, tmp_path / "sparse.pth")
    assert main(["inspect", str(tmp_path / "sparse.pth"), "--backbone", "tiny(width=8)"]) == 4
    assert f"{first} is a sparse tensor" in capsys.readouterr().err


def test_names_in_a_file_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(tiny().draw(seeded(1)) | {"\x1b[2J\u202e" + "n" * 10**5: torch.ones(2)}, tmp_path / "x.pth")
    assert main(["inspect", str(tmp_path / "x.pth"), "--backbone", "tiny(width=8)"]) == 4
    said = capsys.readouterr().out
    assert "\x1b" not in said and "\u202e" not in said and "\\x1b[2J\\u202e" in said
    assert len(said) < 5000
