"""Checkpoints of other programs in their published containers and names, written without those programs.

The files that the programs themselves wrote are in ``fixtures``; these are for what those are too small or too whole
for.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

Arrays = dict[str, np.ndarray]
CODES = {"float32": 1, "float64": 2, "int64": 9, "float16": 19}
"""Numbers of TensorFlow's types (tensorflow/core/framework/types.proto)."""

NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
HAIKU = {"weight": "scale", "bias": "offset", "running_mean": "mean_ema/average", "running_var": "var_ema/average"}


def in_order() -> list[tuple[str, str]]:
    """ResNet-50's convolutions and batch norms as SimCLR's code makes them: a stage's shortcut first."""
    found = [("conv1", "bn1")]
    for stage, count in enumerate((3, 4, 6, 3), start=1):
        found.append((f"layer{stage}.0.downsample.0", f"layer{stage}.0.downsample.1"))
        found += [(f"layer{stage}.{b}.conv{n}", f"layer{stage}.{b}.bn{n}") for b in range(count) for n in (1, 2, 3)]
    return found


def simclr_names(tensors: Mapping[str, Tensor]) -> Arrays:
    """What SimCLR's saver calls them; kernels are (height, width, in, out)."""
    found: Arrays = {"global_step": np.array(225206)}
    for number, (convolution, norm) in enumerate(in_order()):
        suffix = f"_{number}" if number else ""
        kernel = tensors[f"{convolution}.weight"].permute(2, 3, 1, 0)
        found[f"base_model/conv2d{suffix}/kernel"] = kernel.contiguous().numpy()
        for ours, theirs in NORM.items():
            found[f"base_model/batch_normalization{suffix}/{theirs}"] = tensors[f"{norm}.{ours}"].numpy()
    return found


def write_simclr(path: Path, arrays: Arrays) -> None:
    """A zip archive of a tensor bundle: an uncompressed table of one block, and one shard."""
    shard, entries = b"", [(b"", _message((1, 1)))]
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        shape = b"".join(_message((2, _message((1, length)))) for length in array.shape)
        fields = ((1, CODES[array.dtype.name]), (2, shape), (4, len(shard)), (5, array.nbytes))
        entries.append((name.encode(), _message(*fields)))
        shard += array.tobytes()
    table = _block(entries)
    handle = _number(0) + _number(len(table) - 5)
    index = _block([(b"~", handle)])
    meta = _block([])
    handles = _number(len(table)) + _number(len(meta) - 5) + _number(len(table) + len(meta)) + _number(len(index) - 5)
    footer = handles.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ResNet50_1x/model.ckpt-225206.index", table + meta + index + footer)
        archive.writestr("ResNet50_1x/model.ckpt-225206.data-00000-of-00001", shard)


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Entries that share no beginnings, one restart, and the trailer: no compression, a checksum that is not read."""
    body = b"".join(b"\0" + _number(len(key)) + _number(len(value)) + key + value for key, value in entries)
    return body + bytes(4) + (1).to_bytes(4, "little") + bytes(5)


def _message(*fields: tuple[int, int | bytes]) -> bytes:
    """A protocol buffer of numbers and of bytes."""
    found = b""
    for field, value in fields:
        if isinstance(value, int):
            found += _number(field << 3) + _number(value)
        else:
            found += _number(field << 3 | 2) + _number(len(value)) + value
    return found


def _number(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def byol_names(tensors: Mapping[str, Tensor]) -> Arrays:
    """What Haiku calls the online encoder's tensors, parameters and state together."""
    found: Arrays = {}
    for name, tensor in tensors.items():
        module, part = name.rsplit(".", 1)
        if part == "num_batches_tracked":
            continue
        place = _haiku(module)
        if "conv" in place.rsplit("/", 1)[1]:
            found[f"{place}/w"] = tensor.permute(2, 3, 1, 0).contiguous().numpy()
        else:
            state = "/~" if part.startswith("running") else ""
            found[f"{place}{state}/{HAIKU[part]}"] = tensor.reshape(1, 1, 1, -1).numpy()
    return found


def _haiku(module: str) -> str:
    start = "byol/res_net50/~"
    if module in ("conv1", "bn1"):
        return f"{start}/{'initial_conv' if module == 'conv1' else 'initial_batchnorm'}"
    found = re.fullmatch(r"layer(\d)\.(\d)\.(?:(conv|bn)(\d)|downsample\.(\d))", module)
    assert found is not None
    layer = {"0": "shortcut_conv", "1": "shortcut_batchnorm"}.get(found[5] or "")
    layer = layer or f"{'conv' if found[3] == 'conv' else 'batchnorm'}_{int(found[4]) - 1}"
    return f"{start}/block_group_{int(found[1]) - 1}/~/block_{found[2]}/~/{layer}"


def write_byol(path: Path, arrays: Arrays) -> None:
    """A pickle of nested dictionaries of arrays; the fixture has dill's, JAX's and Haiku's own objects."""
    online: dict[str, Any] = {"online_params": {}, "online_state": {}}
    for name, array in arrays.items():
        module, last = name.rsplit("/", 1)
        online["online_state" if last == "average" else "online_params"].setdefault(module, {})[last] = array
    online["online_params"]["byol/projector/linear"] = {"w": np.ones((2, 2), np.float32)}
    with path.open("wb") as file:
        pickle.dump({"experiment_state": online, "step": 1, "rng": np.zeros(2, np.uint32)}, file, protocol=2)
