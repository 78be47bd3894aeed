"""EfficientNet-Lite by its authors' description and lukemelas' names: written from those, without timm or our loaders.

Blocks and strides: https://github.com/tensorflow/tpu, models/official/efficientnet (efficientnet_builder.py,
``efficientnet``; lite/efficientnet_lite_builder.py). Names: https://github.com/lukemelas/EfficientNet-PyTorch,
efficientnet_pytorch/model.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Repeats, kernel, stride of the first, expansion, outputs: "r1_k3_s11_e1_i32_o16_se0.25" and so on.
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
COEFFICIENTS = {"efficientnet_lite0": (1.0, 1.0), "efficientnet_lite1": (1.0, 1.1), "efficientnet_lite2": (1.1, 1.2)}
"""Of width and depth."""

EPSILON = 1e-3


class Block(NamedTuple):
    """One inverted residual block."""

    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int


def blocks(network: str) -> Iterator[Block]:
    """All blocks in order. Lite networks scale neither stem and head nor the depth of the first and last stage."""
    width, depth = COEFFICIENTS[network]
    inputs = 32
    for number, (repeats, kernel, stride, expansion, outputs) in enumerate(STAGES):
        wide = round_filters(outputs, width)
        count = repeats if number in (0, len(STAGES) - 1) else math.ceil(depth * repeats)
        for place in range(count):
            yield Block(kernel, stride if place == 0 else 1, expansion, inputs, wide)
            inputs = wide


def round_filters(filters: int, width: float) -> int:
    """To a multiple of 8, and not below nine tenths."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def same(x: Tensor, weight: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
    """A convolution with TensorFlow's padding SAME: what is odd comes right and below."""
    pads = []
    for size, kernel in zip(reversed(x.shape[2:]), reversed(weight.shape[2:]), strict=True):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)


def logits(network: str, tensors: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The network's answer, (B, 1000), in evaluation.

    Args:
        network: such as ``efficientnet_lite0``.
        tensors: by lukemelas' names.
        x: (B, 3, H, W), normalized.
    """

    def normalized(value: Tensor, name: str) -> Tensor:
        mean, variance, scale, shift = (
            tensors[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (value - mean) / (variance + EPSILON).sqrt() * scale + shift

    def relu6(value: Tensor) -> Tensor:
        return value.clamp(0, 6)

    x = relu6(normalized(same(x, tensors["_conv_stem.weight"], stride=2), "_bn0"))
    for number, block in enumerate(blocks(network)):
        own, inputs = f"_blocks.{number}", x
        if block.expansion != 1:
            x = relu6(normalized(same(x, tensors[f"{own}._expand_conv.weight"]), f"{own}._bn0"))
        kernel = tensors[f"{own}._depthwise_conv.weight"]
        x = relu6(normalized(same(x, kernel, block.stride, groups=len(kernel)), f"{own}._bn1"))
        x = normalized(same(x, tensors[f"{own}._project_conv.weight"]), f"{own}._bn2")
        if block.stride == 1 and block.inputs == block.outputs:
            x = x + inputs
    x = relu6(normalized(same(x, tensors["_conv_head.weight"]), "_bn1")).mean(dim=(2, 3))
    return x @ tensors["_fc.weight"].T + tensors["_fc.bias"]


def drawn(network: str, seed: int) -> dict[str, Tensor]:
    """Tensors under lukemelas' names, of which no two are alike; signals keep their size through them."""
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}

    def convolution(name: str, *shape: int) -> None:
        found[f"{name}.weight"] = torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))

    def normalization(name: str, channels: int) -> None:
        found[f"{name}.weight"] = torch.rand(channels, generator=generator) + 0.5
        found[f"{name}.bias"] = torch.randn(channels, generator=generator) / 4
        found[f"{name}.running_mean"] = torch.randn(channels, generator=generator) / 4
        found[f"{name}.running_var"] = torch.rand(channels, generator=generator) + 0.5
        found[f"{name}.num_batches_tracked"] = torch.tensor(len(found))

    convolution("_conv_stem", 32, 3, 3, 3)
    normalization("_bn0", 32)
    last = 32
    for number, block in enumerate(blocks(network)):
        own, wide = f"_blocks.{number}", block.inputs * block.expansion
        if block.expansion != 1:
            convolution(f"{own}._expand_conv", wide, block.inputs, 1, 1)
            normalization(f"{own}._bn0", wide)
        convolution(f"{own}._depthwise_conv", wide, 1, block.kernel, block.kernel)
        normalization(f"{own}._bn1", wide)
        convolution(f"{own}._project_conv", block.outputs, wide, 1, 1)
        normalization(f"{own}._bn2", block.outputs)
        last = block.outputs
    convolution("_conv_head", 1280, last, 1, 1)
    normalization("_bn1", 1280)
    found["_fc.weight"] = torch.randn(1000, 1280, generator=generator) / 36
    found["_fc.bias"] = torch.randn(1000, generator=generator)
    return found
