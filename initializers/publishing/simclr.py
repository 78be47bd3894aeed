"""The common part of SimCLR's two versions: the order of TensorFlow's variables, and the public converter's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from initializers.loading.contract import Weights
from specs.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from initializers.formats.tensorflow_checkpoint import Bundle

BLOCKS = (3, 4, 6, 3)
"""The number of blocks of each stage of a ResNet-50."""

SHOWN = 8
"""The number of names of each kind that a message lists."""

STATISTICS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
"""The names of batch norm's tensors in TensorFlow, with torch's names."""

WARNINGS = (
    "trained on pixels in [0, 1] without mean and standard deviation",
    "trained with a max-pooling padded at the far edges only (TensorFlow's SAME)",
)


def layers() -> Iterator[tuple[str, str]]:
    """The names of convolutions and of the batch norms behind them, in the order in which SimCLR's code makes them.

    The shortcut's projection comes first in each stage's first block (google-research/simclr, resnet.py).
    """
    yield "conv1", "bn1"
    for stage, count in enumerate(BLOCKS, start=1):
        for block in range(count):
            if block == 0:
                yield f"layer{stage}.0.downsample.0", f"layer{stage}.0.downsample.1"
            for number in (1, 2, 3):
                yield f"layer{stage}.{block}.conv{number}", f"layer{stage}.{block}.bn{number}"


def from_tensorflow(path: Path) -> Weights:
    """The encoder of a TensorFlow checkpoint under torchvision's names.

    Kernels are turned from (height, width, in, out) to (out, in, height, width).

    Raises:
        WeightsError: if the numbers of convolutions and batch norms are not those of a ResNet-50.
    """
    from initializers.formats.tensorflow_checkpoint import Bundle

    bundle = Bundle(path)
    convolutions, norms = _numbered(bundle.entries, "conv2d"), _numbered(bundle.entries, "batch_normalization")
    expected = list(layers())
    for kind, names in (("conv2d", convolutions), ("batch_normalization", norms)):
        if len(names) != len(expected):
            usual = {f"base_model/{kind}" + (f"_{number}" if number else "") for number in range(len(expected))}
            raise WeightsError(
                f"{path} has {len(names)} layers base_model/{kind}*, expected {len(expected)}; missing: "
                f"{', '.join(sorted(usual - set(names))[:SHOWN]) or 'none'}; unexpected: "
                f"{', '.join(sorted(set(names) - usual)[:SHOWN]) or 'none'}. It is not a ResNet-50 of SimCLR."
            )
    tensors: dict[str, Tensor] = {}
    for (convolution, norm), kernel, statistics in zip(expected, convolutions, norms, strict=True):
        tensors[f"{convolution}.weight"] = _found(bundle, f"{kernel}/kernel").permute(3, 2, 0, 1)
        for theirs, ours in STATISTICS.items():
            tensors[f"{norm}.{ours}"] = _found(bundle, f"{statistics}/{theirs}")
    used = {f"{name}/kernel" for name in convolutions} | {f"{name}/{part}" for name in norms for part in STATISTICS}
    dropped = tuple(name for name in bundle.entries if name not in used)
    return Weights(tensors, dropped=dropped, source=f"{path.name} (TensorFlow checkpoint, base_model)")


def from_converter(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors renamed from the public converter's names to torchvision's; other names stay as they are.

    In the converter's names ``net.N.blocks.M`` is block M of stage N. Its convolutions are ``net.0``, ``net.2`` and
    ``net.4``, each followed by its batch norm, and ``projection`` is its shortcut (Separius/SimCLRv2-Pytorch).
    """
    renamed = {}
    for name, tensor in tensors.items():
        new = re.sub(r"^net\.0\.0\.", "conv1.", name)
        new = re.sub(r"^net\.0\.1\.0\.", "bn1.", new)
        new = re.sub(r"^net\.(\d)\.blocks\.(\d+)\.projection\.shortcut\.", r"layer\1.\2.downsample.0.", new)
        new = re.sub(r"^net\.(\d)\.blocks\.(\d+)\.projection\.bn\.0\.", r"layer\1.\2.downsample.1.", new)
        block = re.match(r"^net\.(\d)\.blocks\.(\d+)\.net\.(\d)\.(0\.)?(.*)$", new)
        if block:
            stage, number, position, norm, rest = block.groups()
            new = f"layer{stage}.{number}.{'bn' if norm else 'conv'}{int(position) // 2 + 1}.{rest}"
        renamed[new] = tensor
    return renamed


def _numbered(names: Iterable[str], kind: str) -> list[str]:
    """The names of a kind's layers in the order of their numbers; the first one's name has no number."""
    numbers = {
        match[1]: int(match[2] or 0)
        for name in names
        if (match := re.match(rf"^(base_model/{kind}(?:_(\d+))?)/[a-z_]+$", name))
    }
    return sorted(numbers, key=numbers.__getitem__)


def _found(bundle: Bundle, name: str) -> Tensor:
    if name not in bundle.entries:
        raise WeightsError(f"{bundle.path} lacks {name}. It is not a ResNet-50 of SimCLR.")
    return bundle.tensor(name)
