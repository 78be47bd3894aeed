"""A fast hash of weights, which tells whether two sets of tensors or two files are the same.

It is XXH3 of 128 bits (https://xxhash.com), which is as fast as memory but no protection against forgery; published
files are identified by their sha256.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from torch import Tensor


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """The hash, in hexadecimal, over the names, number formats, shapes and bytes of tensors in the order of names."""
    import torch

    hasher = xxhash.xxh3_128()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        hasher.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        if tensor.dtype == torch.bfloat16:  # which NumPy does not know
            tensor = tensor.view(torch.int16)
        hasher.update(tensor.numpy(force=True).data)
    return hasher.hexdigest()


def file_fingerprint(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return xxhash.xxh3_128_hexdigest(mapped)
