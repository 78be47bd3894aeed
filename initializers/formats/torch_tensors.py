"""Building the tensors of torch's pickles: views of storages that are checked against the file's size beforehand.

The functions here replace those of ``torch._utils`` and ``torch._tensor``; nothing in a file is run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from initializers.formats.inert_pickle import FUNCTIONS, Array, Inert, Name, Shell
from initializers.formats.pickle_owner import PickleFault
from specs.quoting import plain

STORED = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64, "ComplexDoubleStorage": torch.complex128, "UntypedStorage": torch.uint8,
    "QInt8Storage": torch.int8, "QUInt8Storage": torch.uint8, "QInt32Storage": torch.int32,
    "QUInt4x2Storage": torch.uint8, "QUInt2x4Storage": torch.uint8,
}  # fmt: skip
"""The number formats of torch's storages (``torch.storage._new_dtypes``); quantized ones by their integer format."""

MOST_DIMENSIONS = 64
"""The largest number of dimensions of a tensor in torch (c10/core/TensorImpl.h, kMaxDims of its iterators)."""


class Unread(NamedTuple):
    """A tensor in a file that is not read, since it is not made of plain numbers.

    Attributes:
        what: what it is, in words, such as ``a sparse tensor``.
        remedy: how to export it; empty where there is no way.
    """

    what: str
    remedy: str = ""


class Stored(NamedTuple):
    """A storage: numbers of one format in the file.

    Attributes:
        content: the bytes of the numbers, (n,) uint8.
        dtype: the number format of the storage.
        untyped: whether the file states the number format only where a tensor is made from the storage.
    """

    content: Tensor
    dtype: torch.dtype
    untyped: bool


class TorchOwner(Inert):
    """The owner of torch's pickles, which makes tensors from the storages that a file keeps outside its pickle.

    Args:
        storage: a function that gives the bytes of a storage, (n,) uint8, from its key, the count of its numbers and
            the bytes of one number; it raises ``PickleFault`` where there are fewer.
        size: the size of the file in bytes; no tensor is made that would be larger.
    """

    def __init__(self, storage: Callable[[str, int, int], Tensor], size: int) -> None:
        super().__init__()
        self._storage, self._size = storage, size

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions that replace NumPy's and torch's."""
        return TORCH

    def outside(self, pid: Any) -> Any:
        """What an identifier names: a storage, or a class of modules in a file of before torch 1.6.

        A storage is named by its type, its key, its device, its length and perhaps a part of it. A class is named once
        with the text of its source (``torch.serialization._legacy_save``), which is not read.

        Raises:
            PickleFault: if there are fewer bytes than are declared.
        """
        match pid:
            case ("storage", Name() as kind, (str() | int()) as key, _, int() as count, *view):
                pass
            case ("module", Name() as kind, _, _):  # a module's class, with the file and the text of its source
                return kind
            case _:
                raise PickleFault("it names something outside of it that is no storage")
        name = kind.rpartition(".")[2]
        if name not in STORED or not kind.startswith("torch."):
            raise PickleFault(f"numbers of the unknown format {plain(kind)}")
        dtype = STORED[name]
        if count < 0:
            raise PickleFault("a storage of a negative length")
        content = self._storage(str(key), count, dtype.itemsize)[: count * dtype.itemsize]
        if view and view[0] is not None:
            content = _part(content, view[0], dtype)
        return Stored(content, dtype, name == "UntypedStorage")

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any, dtype: torch.dtype | None = None) -> Any:
        """A tensor as a view of a storage, or an ``Unread`` that says why there is none."""
        if not isinstance(storage, Stored):
            return Unread("a tensor without its numbers")
        kind = dtype or storage.dtype
        whole = (offset, *size, *stride) if isinstance(size, tuple) and isinstance(stride, tuple) else ("",)
        if any(type(number) is not int or not 0 <= number < 2**62 for number in whole) or len(size) != len(stride):
            return Unread("a tensor whose shape is not valid")
        if len(size) > MOST_DIMENSIONS:
            return Unread(f"a tensor of {len(size):,} dimensions")
        count, held = math.prod(size), storage.content.numel() // kind.itemsize
        if not count:
            small = math.prod(max(number, 1) for number in size) < 2**62
            return torch.empty(size, dtype=kind) if small else Unread("an empty tensor")
        if count * kind.itemsize > max(self._size, 4096):
            return Unread(
                f"a tensor of {count:,} numbers of which the file holds {held:,}", "Export its .clone() if it is meant."
            )
        if offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) >= held:
            return Unread(f"a tensor that reaches beyond the {held:,} numbers that the file holds of it")
        return torch.as_strided(storage.content[: held * kind.itemsize].view(kind), size, stride, offset)


def _part(content: Tensor, view: Any, dtype: torch.dtype) -> Tensor:
    """The part of a storage that a view covers, whose bounds are counted in numbers (legacy files)."""
    match view:
        case (_, int() as start, int() as length) if start >= 0 and length >= 0:
            part = content[start * dtype.itemsize : (start + length) * dtype.itemsize]
            if part.numel() == length * dtype.itemsize:
                return part
    raise PickleFault("a part of a storage that is not there")


def _plain(owner: TorchOwner, storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Any:
    return owner.tensor(storage, offset, size, stride)


def _of_format(
    owner: TorchOwner, storage: Any, offset: Any, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *rest: Any
) -> Any:
    """A tensor whose number format differs from its storage's (``torch._utils._rebuild_tensor_v3``)."""
    number_format = getattr(torch, str(dtype).rpartition(".")[2], None) if isinstance(dtype, Name) else None
    if not isinstance(number_format, torch.dtype) or not str(dtype).startswith("torch."):
        return Unread(f"a tensor of the number format {plain(dtype)}")
    return owner.tensor(storage, offset, size, stride, number_format)


def _first(owner: TorchOwner, value: Any = None, *rest: Any) -> Any:
    """The tensor that a parameter is made of."""
    return value if isinstance(value, Tensor | Unread) else Unread("a parameter without its numbers")


def _of_kind(owner: TorchOwner, make: Any, kind: Any, arguments: Any, *rest: Any) -> Any:
    """A tensor with attributes (``torch._tensor._rebuild_from_type_v2``); tensors of other classes are not read."""
    known = isinstance(make, Name) and make in TORCH and make.startswith("torch._utils.")
    if kind not in ("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.Parameter") or not known:
        return Unread(f"a tensor of the kind {plain(kind)}", "Export its .as_subclass(torch.Tensor).")
    return owner.called(make, arguments if isinstance(arguments, tuple) else (arguments,))


def _from_numpy(owner: TorchOwner, data: Any, *rest: Any) -> Any:
    return as_tensor(data) if isinstance(data, Array) else Unread("a tensor without its numbers")


def _unread(description: str, remedy: str = "") -> Callable[..., Unread]:
    return lambda owner, *arguments: Unread(description, remedy)


def as_tensor(array: Array) -> Tensor | Unread:
    """A NumPy array as a tensor, in this machine's order of bytes."""
    if array.value is None:
        return Unread("an array of something other than numbers")
    try:
        native = np.array(array.value.astype(array.value.dtype.newbyteorder("="), copy=False), order="C")
        return torch.from_numpy(native)
    except TypeError:
        return Unread(f"an array of {array.value.dtype}")


def words(value: Any) -> str:
    """Words that say what a value in a file is."""
    if isinstance(value, Unread):
        return value.what
    if isinstance(value, Shell):
        return f"an object of {plain(value.name)}"
    return f"one {type(value).__name__}"


_DENSE = "Export its .to_dense() where it was made."

TORCH: dict[str, Callable[..., Any]] = FUNCTIONS | {
    "torch._utils._rebuild_tensor": _plain,
    "torch._utils._rebuild_tensor_v2": _plain,
    "torch._utils._rebuild_tensor_v3": _of_format,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _first,
    "torch._utils._rebuild_device_tensor_from_numpy": _from_numpy,
    "torch._utils._rebuild_sparse_tensor": _unread("a sparse tensor", _DENSE),
    "torch._utils._rebuild_sparse_csr_tensor": _unread("a sparse tensor", _DENSE),
    "torch._utils._rebuild_nested_tensor": _unread("a nested tensor"),
    "torch._utils._rebuild_qtensor": _unread("a quantized tensor", "Export its .dequantize() where it was made."),
    "torch._utils._rebuild_meta_tensor_no_storage": _unread("a tensor on the meta device, which has no numbers"),
    "torch._utils._rebuild_wrapper_subclass": _unread("a tensor of a kind of its own"),
    "torch._tensor._rebuild_from_type_v2": _of_kind,
    "torch.nn.parameter.Parameter": _first,
}
"""The functions that build tensors, by the names that ``torch.save`` writes."""
