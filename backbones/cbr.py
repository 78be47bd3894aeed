"""CBR: the family of Transfusion (Raghu et al. 2019, appendix), convolution, batch norm, ReLU, max pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from specs.errors import UsageError
from specs.titles import Words

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

TITLE = "CBR-{variant}"
WORDS: Words = {
    "variant": {
        "large_t": "LargeT",
        "large_w": "LargeW",
        "small": "Small",
        "tiny": "Tiny",
        "tiny_as_written": "Tiny as written",
    },
    "width": "{width} channels first",
    "slim": {True: "slim"},
}

# variant: (kernel size, widths, each twice the one before, whether a max pool follows the last convolution)
VARIANTS: dict[str, tuple[int, tuple[int, ...], bool]] = {
    "large_t": (7, (32, 64, 128, 256, 512), False),
    "large_w": (7, (64, 128, 256, 512), True),
    "small": (7, (32, 64, 128, 256), True),
    "tiny": (5, (32, 64, 128, 256), True),  # the widths that the published parameter count belongs to
    "tiny_as_written": (5, (64, 128, 256, 512), True),  # the widths that the paper's text gives
}


def cbr(
    variant: Literal["large_t", "large_w", "small", "tiny", "tiny_as_written"],
    in_channels: int = 3,
    width: int | None = None,
    slim: bool = False,
) -> Backbone:
    """A CBR network with one stage per convolution, conv1 to conv4 or conv5.

    Each convolution has stride 1, no bias and, *assumed*, "same" padding; a 3x3 max pool of stride 2 stands between
    two of them. The initial weights are *assumed*, since the paper does not state them: convolutions are drawn from a
    normal distribution of variance 2 / outputs (a kernel's pixels times its filters), as those of torchvision's
    ResNets; scales of batch norm are 1 and shifts 0. TF-Slim, which the paper used for the other networks, would have
    drawn convolutions from Glorot's uniform distribution (``slim.conv2d``), or from a distribution of variance
    2 / inputs, as in its ResNets.

    Args:
        variant: the name of the network in the paper's family.
        in_channels: the number of channels of the input images.
        width: the output channels of the first convolution, each other one having twice those of the one before; None:
            the paper's own, 64 in the variants large_w and tiny_as_written and 32 in the others.
        slim: whether the last two convolutions are half as wide, as ``resnet50_slim``'s last two stages are.

    Raises:
        UsageError: if the width is below 1.
    """
    if width is not None and width < 1:
        raise UsageError(f"cbr: width is the number of channels of the first convolution, 1 or more, found {width}.")
    from backbones.networks.cbr import cbr_backbone

    kernel, widths, last_pool = VARIANTS[variant]
    if width is not None:
        widths = tuple(width * 2**number for number in range(len(widths)))
    if slim:
        widths = (*widths[:-2], *(channels // 2 for channels in widths[-2:]))
    return cbr_backbone(kernel, widths, last_pool, in_channels)
