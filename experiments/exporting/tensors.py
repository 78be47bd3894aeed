"""Tensors of exported networks: files of weights, and numbers as plain decimals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor, nn

from specs.files import replacing


def write_tensors(path: Path, network: nn.Module, metadata: Mapping[str, str]) -> None:
    """Write a network's state dict as a safetensors file that everybody may read whom the system lets.

    Args:
        path: the file to write.
        network: the network whose tensors are written under their names in its state dict.
        metadata: texts to write into the header, by name.
    """
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    with replacing(path) as temporary:  # save_file would make a file that its owner alone may read
        temporary.write_bytes(save(tensors, {"format": "pt", **metadata}))


def float_list(values: Tensor, count: int) -> list[float]:
    """Single-precision numbers as the shortest decimals that stand for them, 0.485 for the nearest float32.

    Args:
        values: the numbers, of any shape; a single one stands for all.
        count: how many numbers are wanted.
    """
    plain = [float(str(one)) for one in values.detach().cpu().numpy().ravel()]
    return plain * count if len(plain) == 1 else plain
