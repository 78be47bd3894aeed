"""Plain: no normalization layers, quick on one CPU core; torch's own start is too small for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from specs.errors import UsageError
from specs.titles import Words

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

WORDS: Words = {"depth": "depth {depth}", "width": "width {width}", "start": {"he": "He's start"}}


def plain(depth: int = 8, width: int = 32, in_channels: int = 3, start: Literal["torch", "he"] = "torch") -> Backbone:
    """``depth`` 3x3 convolutions with biases, each followed by a ReLU, in three stages at strides 2, 4 and 8.

    Signals keep their size from one ReLU to the next where weights have a variance of 2 / inputs (He et al. 2015,
    https://arxiv.org/abs/1502.01852). With torch's own variance, 1 / (3 inputs), the differences between images shrink
    by about the square root of 6 in each layer, and no normalization layer restores them.

    Args:
        depth: the number of convolutions, 3 or more: one in the first stage, half of the others in each other stage.
        width: the number of channels of every convolution.
        in_channels: the number of channels of the input images.
        start: how the initial weights are drawn: as ``torch`` draws weights and biases of a convolution
            (https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html), or as ``he``, from a normal
            distribution of variance 2 / inputs with biases at 0.

    Raises:
        UsageError: if the depth is below 3 or the width below 1.
    """
    if depth < 3 or width < 1:
        raise UsageError(f"plain: depth is 3 or more and width 1 or more, found depth={depth} and width={width}.")
    from backbones.networks.plain import plain_backbone

    return plain_backbone(depth, width, in_channels, start)
