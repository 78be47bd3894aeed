"""Whole modules in pickles: their tensors under the names of their state dict, read without running or importing."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from initializers.formats import torch_modules
from initializers.formats.checkpoints import read_container, read_tensors
from specs.errors import WeightsError
from tests.initializers.contract import seeded


class Scaled(nn.Module):
    """A parameter, a buffer that is saved, one that is not, one that is empty, and modules one of which is None."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3, generator=seeded(1)))
        self.register_parameter("nothing", None)
        self.register_buffer("kept", torch.arange(2.0))
        self.register_buffer("passing", torch.zeros(5), persistent=False)
        self.register_buffer("empty", None)
        self.body = nn.Sequential(OrderedDict(conv0=nn.Conv2d(3, 2, 3, bias=False), norm0=nn.BatchNorm2d(2)))
        self.head: nn.Module | None = None
        self.labels, self.size = ["a", "b"], (3, 4)


def saved(value: Any, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # the legacy format looks for the text of each class's source
        warnings.simplefilter("ignore")
        torch.save(value, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return list(found) == list(wanted) and all(torch.equal(found[name], wanted[name]) for name in wanted)


FORMS: dict[str, Callable[[Any], bytes]] = {
    "zip": saved,
    "legacy": lambda value: saved(value, legacy=True),
    "pickle": lambda value: pickle.dumps(value, protocol=2),
    "pickle of today": lambda value: pickle.dumps(value, protocol=5),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_module_gives_what_its_state_dict_has_in_its_order(form: Callable[[Any], bytes], tmp_path: Path) -> None:
    module = nn.ModuleDict({"network": Scaled(), "second": nn.Linear(2, 2)})
    (tmp_path / "whole.pt").write_bytes(form(module))
    tensors, where = read_tensors(tmp_path / "whole.pt")
    assert same(tensors, dict(module.state_dict()))
    assert "a whole torch.nn.modules.container.ModuleDict" in where
    assert "unread" not in where


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_no_class_of_it_is_imported(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name = types.ModuleType("somebodys_models"), "somebodys_models"
    module.Scaled = Scaled  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(Scaled, "__module__", name)
    path, network = tmp_path / "whole.pt", Scaled()
    path.write_bytes(FORMS[form](network))
    monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=name):
        torch.load(path, weights_only=False)
    tensors, where = read_tensors(path)
    assert same(tensors, dict(network.state_dict()))
    assert "somebodys_models.Scaled" in where


def test_a_module_of_torch_before_1_5_names_its_table_of_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each module had ``_backend``, which pickled as a call of ``_get_thnn_function_backend`` (torch/nn/backends)."""
    table = types.ModuleType("torch.nn.backends.thnn")

    def _get_thnn_function_backend() -> None:
        raise AssertionError("it was called")

    _get_thnn_function_backend.__module__ = table.__name__
    _get_thnn_function_backend.__qualname__ = _get_thnn_function_backend.__name__
    table._get_thnn_function_backend = _get_thnn_function_backend  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, table.__name__, table)

    class Backend:
        def __reduce__(self) -> tuple[Any, ...]:
            return _get_thnn_function_backend, ()

    network = nn.Linear(2, 3)
    network._backend = Backend()  # type: ignore[assignment]
    (tmp_path / "old.pt").write_bytes(saved(network, legacy=True))
    assert same(read_tensors(tmp_path / "old.pt")[0], dict(network.state_dict()))


class Exploit:
    """Would make a folder when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("place", ["attribute", "module", "buffer"])
def test_a_module_that_would_run_something_is_refused_before_it_does(
    place: str, form: Callable[[Any], bytes], tmp_path: Path
) -> None:
    network, proof = Scaled(), tmp_path / "proof"
    if place == "attribute":
        network.labels = Exploit(proof)  # type: ignore[assignment]
    else:
        held: Any = network._modules if place == "module" else network._buffers
        held["evil"] = Exploit(proof)
    path = tmp_path / "evil.pt"
    path.write_bytes(form(network))
    with pytest.raises(WeightsError, match=r"holds (posix|nt)\.mkdir, and reading anything but tensors.*not read"):
        read_container(path)
    assert not proof.exists()
    if form in (FORMS["zip"], FORMS["legacy"]):
        torch.load(path, weights_only=False)
    else:
        pickle.loads(path.read_bytes())
    assert proof.exists(), "the file was harmless, so this test has shown nothing"


class Other:
    """An object that is no module."""

    def __init__(self) -> None:
        self.weight = torch.zeros(2)


def test_a_whole_object_that_is_no_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.pt").write_bytes(saved(Other()))
    with pytest.raises(WeightsError, match=r"test_torch_modules\.Other, a whole object.*save_file"):
        read_tensors(tmp_path / "other.pt")


def _itself() -> nn.Module:
    network = Scaled()
    network._modules["again"] = network
    return network


def _doubled() -> nn.Module:
    inner: nn.Module = nn.Linear(1, 1)
    for _ in range(40):
        inner = nn.ModuleDict({"a": inner, "b": inner})
    return inner


def _two_of_one_name() -> nn.Module:
    network = nn.ModuleDict({"a": nn.Linear(1, 1)})
    network._parameters["a.weight"] = nn.Parameter(torch.zeros(1))
    return network


def _in_both() -> nn.Module:
    network = nn.Linear(1, 1)
    network._buffers["weight"] = torch.zeros(1)
    return network


def _numbered() -> nn.Module:
    network = nn.Linear(1, 1)
    network._parameters[3] = nn.Parameter(torch.zeros(1))  # type: ignore[index]
    return network


def _no_module_inside() -> nn.Module:
    network = Scaled()
    network._modules["body"] = 7  # type: ignore[assignment]
    return network


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_itself, "modules deep"),
        (_doubled, "a module of more than 2,000 entries"),
        (_two_of_one_name, "two tensors of one name in a module"),
        (_in_both, "two tensors of one name in a module"),
        (_numbered, "a module with a name that is no text, or too long"),
        (_no_module_inside, "one int among the modules of a module"),
    ],
)
def test_what_no_module_is_like_is_refused_at_no_cost(
    make: Callable[[], nn.Module], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_modules, "MOST_ENTRIES", 2_000)
    (tmp_path / "odd.pt").write_bytes(saved(make()))
    with pytest.raises(WeightsError, match=rf"odd\.pt .*damaged, or no checkpoint: .*{message}"):
        read_container(tmp_path / "odd.pt")


def test_what_is_no_tensor_among_its_parameters_is_told(tmp_path: Path) -> None:
    network = Scaled()
    network._buffers["kept"] = torch.eye(3).to_sparse()
    network._buffers["empty"] = "a text"  # type: ignore[assignment]
    (tmp_path / "odd.pt").write_bytes(saved(network))
    with pytest.raises(WeightsError, match=r"2 tensors that are not plain numbers: kept is a sparse tensor, empty is"):
        read_tensors(tmp_path / "odd.pt")
