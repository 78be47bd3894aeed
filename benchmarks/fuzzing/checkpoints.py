"""Checkpoint files: torch's zip and legacy files, pickles, safetensors and archives, whole, damaged and malicious.

Each is read by ``read_container``; for a tenth of them, all ways to load it into a tiny backbone are found and tried.
"""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.damaging import damaged

NAME = "checkpoints"


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one checkpoint, and read it."""
    from initializers.formats.checkpoints import read_container, tensors_in

    path = folder / generator.choice(("a.pth", "b.safetensors", "c.ckpt", "d.pkl", "e.pt"))
    content = generator.choice(MAKERS)(generator)
    path.write_bytes(damaged(content, generator) if generator.random() < 0.6 else content)
    if generator.random() < 0.1:
        _advised(path)
    else:
        tensors_in(read_container(path), generator.choice((None, None, "model", "a.b", "\x1b[31m")))


def _advised(path: Path) -> None:
    """Find the ways to load a checkpoint, and load it in each of them."""
    import torch

    from initializers.file import File
    from initializers.formats.checkpoints import read_container
    from initializers.loading.contract import no_runs
    from initializers.loading.loading import initialize
    from initializers.publishing.advising import Way, ways

    for way in [*ways(read_container(path), _tiny()), Way(None, None, ())][:3]:
        initialize(_tiny(), File(str(path), *way), torch.Generator().manual_seed(0), no_runs)


@lru_cache(maxsize=1)
def _tiny() -> Any:
    from specs.registry import BACKBONES

    return BACKBONES.build("tiny(width=8)")


def _tensors(generator: random.Random) -> dict[str, Any]:
    """The tensors of a tiny backbone, or others of many formats, some of them odd."""
    import torch

    values = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    if generator.random() < 0.3:
        start = generator.choice(("", "module.", "_orig_mod.module.", "teacher.", "\u202e."))
        return {start + name: tensor for name, tensor in _tiny().weights().items()}
    odd = [
        values, values.t(), values[1:, 2:], values.bfloat16(), values.half(), values.bool(), values.to(torch.complex64),
        torch.zeros(0, 3), torch.tensor(3), torch.full((2, 2), float("nan")), torch.full((2,), float("inf")),
        torch.ones(1).expand(1000), values.to(torch.float8_e4m3fn), torch.nn.Parameter(values),
    ]  # fmt: skip
    names = ("conv1.weight", "bn1.bias", "fc.weight", "\x1b[2J", "a" * 3000, "", "module.x", "0.weight", "layer1.0.b")
    return {generator.choice(names) + str(number): generator.choice(odd) for number in range(generator.randint(1, 6))}


def _content(generator: random.Random) -> Any:
    """Tensors in entries, beside other things that training programs write."""
    import numpy as np

    tensors: Any = _tensors(generator)
    for _ in range(generator.randrange(3)):
        beside = {
            "epoch": 3, "best": np.float64(0.5), "optimizer": {"state": {0: {}}}, "args": {"lr": 0.1, "n": [(2, "")]},
            "array": np.arange(3), "ema": _tensors(generator), 7: "seven", "order": OrderedDict(a=1), "set": {1, 2},
        }  # fmt: skip
        tensors = {generator.choice(("state_dict", "model", "teacher", "net", "x")): tensors} | {
            name: beside[name] for name in generator.sample(list(beside), generator.randrange(4))
        }
    if generator.random() < 0.05:
        tensors["state_dict"] = tensors
    return tensors


def _torch(generator: random.Random) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save(_content(generator), buffer, _use_new_zipfile_serialization=generator.random() < 0.6)
    return buffer.getvalue()


def _repacked(generator: random.Random) -> bytes:
    """A torch archive whose pickle or storages are damaged, missing, doubled or compressed, with a valid directory."""
    import torch

    buffer, made = io.BytesIO(), io.BytesIO()
    torch.save(_content(generator), buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(made, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if generator.random() < 0.4:
                content = damaged(content, generator)
            packing = generator.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            for _ in range(generator.choices((0, 1, 2), (1, 30, 1))[0]):
                new.writestr(info.filename, content, packing)
    return made.getvalue()


def _pickled(generator: random.Random) -> bytes:
    return pickle.dumps(_content(generator), protocol=generator.randrange(6))


def _steps(generator: random.Random) -> bytes:
    """A pickle whose opcodes are drawn one by one."""
    from pickletools import opcodes

    content = b"\x80\x02" if generator.random() < 0.8 else b""
    names = (
        b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n", b"cnumpy\ndtype\n", b"cos\nsystem\n",
        b"cnumpy.core.multiarray\n_reconstruct\n", b"ctorch\nFloatStorage\n", b"c_codecs\nencode\n",
        b"ctorch._tensor\n_rebuild_from_type_v2\n", b"cbuiltins\nbytearray\n", b"ccopyreg\n_reconstructor\n",
    )  # fmt: skip
    for _ in range(generator.randint(1, 60)):
        if generator.random() < 0.2:
            content += generator.choice(names)
            continue
        code = generator.choice(opcodes)
        content += code.code.encode("latin-1") + generator.choice(
            (b"", b"\x01", b"\x03abc", b"5\n", b"a\nb\n", bytes(8))
        )
    return content + b"."


def _safetensors(generator: random.Random) -> bytes:
    from safetensors.torch import save

    tensors = {name: tensor.contiguous() for name, tensor in _tensors(generator).items()}
    return bytes(save({name: tensor.clone() for name, tensor in tensors.items()}))


def _header(generator: random.Random) -> bytes:
    """A safetensors file whose header describes its tensors in odd ways."""
    numbers = (0, 1, 4, 8, 16, 10**12, 2**63, -1, 1.5, "4", None, True)
    header: dict[str, Any] = {}
    for number in range(generator.randint(0, 4)):
        header[generator.choice(("a", "\x1b[31m", "b.weight", "__metadata__")) + str(number)] = {
            "dtype": generator.choice(("F32", "F16", "I64", "F4", "BOOL", 3, None)),
            "shape": [generator.choice(numbers) for _ in range(generator.randrange(4))],
            "data_offsets": [generator.choice(numbers) for _ in range(generator.choice((2, 2, 2, 1)))],
        }
    if generator.random() < 0.3:
        header["__metadata__"] = generator.choice(({"medtransfer": "{"}, 3, {"medtransfer": '{"card": {}}'}, None))
    text = json.dumps(header).encode()
    if generator.random() < 0.1:
        text = b"[" * 100_000
    length = generator.choice((len(text), len(text), len(text), 2**40, 0, len(text) + 1000))
    return struct.pack("<Q", length) + text + bytes(generator.choice((0, 4, 8, 64)))


def _deep(generator: random.Random) -> bytes:
    """A pickle of deeply nested lists or dictionaries, or of shared tuples whose size doubles at each level."""
    depth = generator.choice((100, 10_000, 50_000))
    match generator.randrange(3):
        case 0:
            return b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."
        case 1:
            return b"\x80\x02" + b"}X\x01\x00\x00\x00a" * depth + b"N" + b"s" * depth + b"."
        case _:
            return b"\x80\x02]q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"."


def _archive(generator: random.Random) -> bytes:
    """A zip archive of other files, or one that grows a thousandfold when it is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        names = ("x/data.pkl", "x/data/0", "a.npy", "m.index", "m.data-00000-of-00001", "b.png")
        for name in generator.sample(names, 3):
            archive.writestr(name, bytes(generator.choice((10, 5_000_000))) if generator.random() < 0.3 else b"x" * 90)
    return buffer.getvalue()


def _other(generator: random.Random) -> bytes:
    beginnings = (
        b"",
        b"\x89HDF\r\n\x1a\n",
        b"\x1f\x8b\x08",
        b"<html>",
        b"GGUF",
        b"\x93NUMPY",
        b"{}",
        b"\x80",
        b"PK",
        b"\x08",
    )
    return generator.choice(beginnings) + generator.randbytes(generator.randrange(600))


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (
    _torch, _torch, _torch, _repacked, _repacked, _pickled, _steps, _steps, _safetensors, _header, _deep, _archive,
    _other,
)  # fmt: skip
