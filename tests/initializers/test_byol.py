"""BYOL: the authors' pickle read without running anything, tensor by tensor."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from initializers.byol import Byol, torchvision_name
from initializers.formats.inert_pickle import arrays_in, read_inert
from specs.errors import WeightsError

FIXTURE = Path(__file__).with_name("fixtures") / "byol.pkl.gz"
"""Written by dill, JAX and Haiku; ``make_byol.py`` beside it says what every number is."""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "pretrain_res50x1.pkl"
    path.write_bytes(gzip.decompress(FIXTURE.read_bytes()))
    return path


def expected() -> dict[str, np.ndarray]:
    """Torchvision's names and the numbers that the fixture's program drew for them."""
    found, made = {}, 0

    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        nonlocal made
        made += 1
        return np.random.default_rng(made - 1).normal(size=shape).astype(np.float32)

    places = [("conv1", "bn1")]
    for stage, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            start = f"layer{stage}.{block}"
            places += [(f"{start}.conv{n}", f"{start}.bn{n}") for n in (1, 2, 3)]
            if block == 0:
                places.append((f"{start}.downsample.0", f"{start}.downsample.1"))
    for conv, norm in places:
        found[f"{conv}.weight"] = drawn((1, 2, 2, 3)).transpose(3, 2, 0, 1)
        for name in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{name}"] = drawn((1, 1, 1, 3)).ravel()
    return found


def test_the_authors_kind_of_pickle_is_read_to_the_last_number(published: Path) -> None:
    tensors, numbers = Byol().convert(published).tensors, expected()
    assert set(tensors) == set(numbers)
    assert len(tensors) == 265
    for name, tensor in tensors.items():
        assert np.array_equal(tensor.numpy(), numbers[name]), name


def test_the_target_network_and_what_else_there_is_are_left_out(published: Path) -> None:
    dropped = Byol().convert(published).dropped
    assert any("projector" in name for name in dropped)
    assert sum(name.endswith("initial_conv/w") for name in dropped) == 1
    assert not any("hidden" in name and torchvision_name(name) for name in dropped)


def test_nothing_of_the_foreign_programs_is_imported(published: Path) -> None:
    import sys

    read_inert(published)
    assert not {"jax", "haiku", "dill", "byol_experiment"} & set(sys.modules)


class Exploit:
    """Would create a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_something_runs_nothing(protocol: int, tmp_path: Path) -> None:
    target, path = tmp_path / "was-here", tmp_path / "evil.pkl"
    content = {"experiment_state": [np.arange(3.0), Exploit(target)], "step": 1}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    found = read_inert(path)
    assert not target.exists()
    assert found["experiment_state"][1].name.endswith("system")
    if protocol == 2:
        assert [array.tolist() for _, array in arrays_in(found)] == [[0.0, 1.0, 2.0]]
    pickle.loads(path.read_bytes())
    assert target.exists()  # the payload is a real one


def test_arrays_of_every_number_format_and_order_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    given = {
        kind + order: np.asarray(np.arange(6).reshape(2, 3), dtype=np.dtype(order + kind), order="F")
        for kind in ("f4", "f8", "i8", "u1", "f2")
        for order in "<>"
    } | {"scalar": np.float32(2.5)}
    path.write_bytes(pickle.dumps(given, protocol=2))
    found = read_inert(path)
    for name, array in arrays_in(found):
        assert np.array_equal(array, given[name[0]])
        assert array.dtype == given[name[0]].dtype
    assert len(list(arrays_in(found))) == 10
    assert found["scalar"] == 2.5


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"\x80\x02cos\nsystem\n", b"<html>"])
def test_what_is_no_pickle_is_refused_with_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"x\.pkl"):
        Byol().convert(path)


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"experiment_state": np.array([{}, {}], dtype=object)}, protocol=2))
    with pytest.raises(WeightsError, match="array of object"):
        Byol().convert(path)


def test_a_cut_pickle_is_refused(published: Path) -> None:
    published.write_bytes(published.read_bytes()[:-2000])
    with pytest.raises(WeightsError, match=r"pretrain_res50x1\.pkl cannot be read"):
        Byol().convert(published)


def test_what_holds_itself_or_one_thing_a_million_times_is_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    nested: list[Any] = [np.arange(2.0)]
    for _ in range(60):
        nested = [nested, nested]
    nested.append(nested)
    path.write_bytes(pickle.dumps({"experiment_state": nested}, protocol=2))
    assert len(list(arrays_in(read_inert(path)))) == 1


def test_a_pickle_cannot_set_anything_on_our_own_functions(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00aK\x01sb.")
    with pytest.raises(WeightsError, match="a state for a function"):
        read_inert(path)


def _jax(reconstruct: bytes) -> bytes:
    """An array as JAX pickles it: its own function of NumPy's function, arguments and state."""
    return b"\x80\x02cjax._src.array\n_reconstruct_array\n(c" + reconstruct + b"\n)(K\x00ttR."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_jax(b"os\nsystem"), "an array that NumPy does not make"),
        (b"\x80\x02cnumpy\ndtype\nK\x03\x85R.", "a number format that is no text"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00M8\x85R.", "an array of datetime64"),
        (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00utf-8\x86R.", "bytes in the encoding utf-8"),
    ],
)
def test_what_only_looks_like_numbers_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_inert(path)
