"""What a checkpoint declares costs nothing: its size bounds time and memory, whatever is in it."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from initializers.formats import pickle_machine
from initializers.formats.checkpoints import read_container, read_tensors
from initializers.formats.pickle_owner import PickleFault
from initializers.formats.zip_entries import Entries
from specs.errors import WeightsError

HUGE = 10**12


def saved(content: Any, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def rewritten(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A torch archive whose pickle is changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for info in old.infolist():
            new.writestr(
                info.filename, change(old.read(info)) if info.filename.endswith("data.pkl") else old.read(info)
            )
    return made.getvalue()


def of_shape(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, numbers: int = 4) -> bytes:
    """A torch archive of one tensor w with this shape over a storage of so many numbers."""
    tensor = torch.zeros(4)

    def odd(function: Any, arguments: tuple[Any, ...]) -> Any:
        class Reduced:
            def __reduce__(self) -> Any:
                return function, arguments

        return Reduced()

    buffer = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", numbers) if value is tensor else None

    rebuilt = odd(torch._utils._rebuild_tensor_v2, (tensor, offset, size, stride, False, None))
    Pickler(buffer, 2).dump({"w": rebuilt})
    return rewritten(saved({"w": tensor}), lambda _: buffer.getvalue())


def header(entries: dict[str, Any], data: bytes = bytes(16)) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: list[Any], start: int, stop: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


PICKLE = b"\x80\x02"
SPARSE = torch.eye(3).to_sparse()

REFUSED: dict[str, tuple[bytes, str]] = {
    "a tensor of 10^12 numbers over one": (of_shape((HUGE,), (0,)), "w is a tensor of 1,000,000,000,000 numbers"),
    "a shape beyond its storage": (of_shape((4, 4), (4, 1)), "w is a tensor that reaches beyond the 4 numbers"),
    "an offset beyond its storage": (of_shape((2,), (1,), 10**9), "reaches beyond"),
    "a negative stride": (of_shape((2,), (-1,), 2), "whose shape is not valid"),
    "a negative size": (of_shape((-2,), (1,)), "whose shape is not valid"),
    "more sizes than strides": (of_shape((2, 2), (1,)), "whose shape is not valid"),
    "a storage that declares more": (of_shape((4,), (1,), numbers=HUGE), "was cut short: 4,000,000,000,000 bytes"),
    "a sparse tensor": (saved({"w": SPARSE}), r"1 tensors that are not plain numbers: w is a sparse tensor.*to_dense"),
    "a sparse tensor of legacy": (saved({"w": SPARSE}, legacy=True), "w is a sparse tensor"),
    "a tensor on meta": (saved({"w": torch.zeros(2, device="meta")}), "w is a tensor on the meta device"),
    "a pickle that calls bytearray": (PICKLE + b"cbuiltins\nbytearray\nL%dL\n\x85R." % HUGE, "whole object"),
    "a storage of legacy that is called": (PICKLE + b"ctorch\nFloatStorage\nL%dL\n\x85R." % HUGE, "torch.FloatStorage"),
    "a text that declares more": (PICKLE + b"X\xff\xff\xff\x7fabc", "was cut short"),
    "bytes that declare more": (b"\x80\x04\x8e" + struct.pack("<Q", HUGE) + b"abc", "was cut short"),
    "a memo of 2^32": (PICKLE + b"]r\xff\xff\xff\xff.", "no named tensors but one list"),
    "a number of many digits": (PICKLE + b"I" + b"9" * 5000 + b"\n.", "a number in its pickle cannot be read"),
    "a list in a list, 30,000 deep": (PICKLE + b"]" * 30_000 + b"a" * 29_999 + b".", "no named tensors"),
    "a list that holds itself": (PICKLE + b"]q\x00h\x00a.", "no named tensors"),
    "doubled sixty times": (PICKLE + b"]q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b".", "no named tensors"),
    "a header of 10^12 bytes": (struct.pack("<Q", HUGE) + b'{"a"' + bytes(500), "of another kind"),
    "a header beyond its file": (struct.pack("<Q", 90_000_000) + b'{"a":', "its header has 90,000,000 bytes"),
    "a header of brackets": (struct.pack("<Q", 50_000) + b'{"a":' + b"[" * 49_995, "its header is no JSON"),
    "tensors that overlap": (
        header({"a": entry([4], 0, 16), "b": entry([2], 8, 16)}),
        "offsets of b do not fit",
    ),
    "a hole between tensors": (
        header({"a": entry([1], 0, 4), "b": entry([1], 12, 16)}),
        "offsets of b do not fit",
    ),
    "a shape that is not its bytes": (header({"a": entry([HUGE], 0, 16)}), "offsets of a do not fit"),
    "a negative size in a header": (header({"a": entry([-4], 0, 16)}), "the entry of a in its header is not valid"),
    "no shape": (header({"a": 7}), "the entry of a in its header is not valid"),
    "a format that is not read": (header({"a": entry([32], 0, 16, "F4")}), "numbers of the format F4"),
    "tensors beyond the file": (header({"a": entry([HUGE], 0, 4 * HUGE)}), "was cut short: its tensors"),
    "a name twice in a header": (
        (text := b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{}}')
        and struct.pack("<Q", len(text)) + text + b"x",
        "occurs twice in its header",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_only_declares_much_is_refused_in_words_at_no_cost(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(WeightsError, match=rf"(?s)x\.pth.*{message}"):
        read_tensors(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * len(content) + 2**21


def test_a_pickle_of_more_steps_than_checkpoints_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle_machine, "MOST_STEPS", 1000)
    (tmp_path / "x.pkl").write_bytes(PICKLE + b"]0" * 600 + b".")
    with pytest.raises(WeightsError, match="takes more than 1,000 steps"):
        read_tensors(tmp_path / "x.pkl")


def zipped(*entries: tuple[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_grows_or_says_things_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(zipped(("a/data.pkl", bytes(30_000_000)), packing=zipfile.ZIP_DEFLATED))
    with pytest.raises(WeightsError, match="would unpack to more than 20 times its size"):
        read_tensors(path)
    path.write_bytes(zipped(("a/data.pkl", b"\x80\x02N."), ("a/data.pkl", b"\x80\x02K\x01.")))
    with pytest.raises(WeightsError, match="two entries of its archive have one name"):
        read_tensors(path)
    path.write_bytes(zipped(("a/data.pkl", b"\x80\x02N."), ("b/data.pkl", b"\x80\x02N.")))
    with pytest.raises(WeightsError, match=r"it has 2 entries data\.pkl"):
        read_tensors(path)


def test_entries_that_overlap_are_read_no_more_than_once_over(tmp_path: Path) -> None:
    names = [f"w{number}" for number in range(50)]
    content = bytearray(saved({name: torch.full((2000,), 1.0) for name in names}))
    # All entries of the directory are turned to the place of the first storage's.
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        root = next(iter(infos)).split("/")[0]
        start = archive.start_dir
    sizes = struct.pack("<LL", 100_000, 100_000)
    directory = content[start:]
    for name, info in infos.items():
        if "/data/" in name:
            at = directory.find(name.encode()) - 46
            directory[at + 20 : at + 28] = sizes
            directory[at + 42 : at + 46] = struct.pack("<L", infos[f"{root}/data/0"].header_offset)
            assert info
    content[start:] = directory
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(WeightsError, match="overlap, or declare more than it holds"):
        read_tensors(tmp_path / "x.pth")


def test_keys_that_python_would_find_alike_take_no_time(tmp_path: Path) -> None:
    prime = 2**61 - 1  # all multiples of it have the hash 0 (Python's Library Reference, "Hashing of numeric types")
    keys = b"".join(pickle.dumps(number * prime, 2)[2:-1] + b"N" for number in range(1, 30_000))
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02}(" + keys + b"u.")
    start = time.process_time()
    with pytest.raises(WeightsError):
        read_tensors(tmp_path / "x.pkl")
    assert time.process_time() - start < 12  # half a minute if each key were compared with each


def test_names_that_steer_a_terminal_are_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(saved({"\x1b[2J\u202e" + "n" * 10**6: {"a": 1}, "b": 3}))
    with pytest.raises(WeightsError) as caught:
        read_tensors(path)
    assert "\x1b" not in str(caught.value) and "\\x1b[2J\\u202e" in str(caught.value)
    assert len(str(caught.value)) < 1000


def as_torch_reads(path: Path) -> Any:
    return torch.load(path, weights_only=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_every_number_format_and_view_is_read_as_torch_reads_it(legacy: bool, tmp_path: Path) -> None:
    values = torch.arange(24.0).reshape(4, 6)
    made = {str(dtype): values.to(dtype) for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
        torch.uint8, torch.bool, torch.complex64, torch.complex128,
        *(() if legacy else (torch.uint16, torch.float8_e4m3fn)),  # which torch itself cannot read back
    )}  # fmt: skip
    made |= {"turned": values.t(), "part": values[1:, ::2], "shared": values[2], "empty": torch.zeros(0, 3)}
    made |= {"one": torch.tensor(2.5), "parameter": torch.nn.Parameter(values), "twice": torch.ones(1).expand(3)}
    path = tmp_path / "x.pth"
    path.write_bytes(saved(made, legacy))
    found, theirs = read_tensors(path)[0], as_torch_reads(path)
    assert found.keys() == theirs.keys()
    for name, tensor in found.items():
        assert (tensor.dtype, tensor.shape) == (theirs[name].dtype, theirs[name].shape), name
        assert torch.equal(tensor.to(torch.complex128), theirs[name].detach().to(torch.complex128)), name


@pytest.mark.parametrize("protocol", range(6))
def test_a_plain_pickle_of_tensors_or_arrays_is_read(protocol: int, tmp_path: Path) -> None:
    values = torch.arange(6.0).reshape(2, 3)
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"tensor": values, "array": values.numpy(), "turned": values.numpy().T}, protocol))
    if protocol < 2:  # a text, whose first byte tells nothing
        with pytest.raises(WeightsError, match="is of another kind"):
            read_tensors(path)
        return
    found: dict[str, Tensor] = read_tensors(path)[0]
    assert torch.equal(found["tensor"], values) and torch.equal(found["array"], values)
    assert torch.equal(found["turned"], values.t())


def test_objects_that_are_only_data_are_left_unread_and_named(tmp_path: Path) -> None:
    import argparse
    import datetime

    import numpy as np

    path = tmp_path / "x.ckpt"
    beside = {"hyper_parameters": argparse.Namespace(lr=1), "day": datetime.date(2024, 1, 1), "best": np.float64(0.5)}
    path.write_bytes(saved({"state_dict": {"w": torch.ones(2)}, "root": Path("/data")} | beside))
    tensors, place = read_tensors(path)
    assert torch.equal(tensors["w"], torch.ones(2))
    assert "unread: objects of" in place and "argparse.Namespace" in place and "datetime.date" in place
    assert float(read_container(path).content["best"]) == 0.5


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63 - 1, 10**6, -1])
def test_an_entry_that_begins_outside_of_its_archive_is_damage(offset: int, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(saved({"weight": torch.zeros(3)}))
    size = (tmp_path / "weights.pt").stat().st_size
    with (tmp_path / "weights.pt").open("rb") as file, zipfile.ZipFile(file) as archive:
        entries = Entries(archive, file, size)
        name = next(iter(entries.known))
        entries.known[name].header_offset = offset  # as the extra field of a large archive (ZIP64) declares it
        with pytest.raises(PickleFault, match="is not where its archive says"):
            entries.read(name)
