"""The choice of a segmentation's decoder, by what a backbone's feature maps are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from backbones.networks.contract import Backbone, Stage
from lightning_modules.decoding.contract import Decoder
from specs.errors import UsageError
from specs.registry import DECODERS

USUAL = ("unet", "upernet")
"""The decoders of which ``auto`` is the first that fits."""


def fitting(stages: Sequence[Stage]) -> tuple[str, ...]:
    """The names of the decoders that take the feature maps of these stages, the usual ones first."""
    others = [name for name in DECODERS.entries if name not in USUAL]
    return tuple(name for name in (*USUAL, *others) if _kind(name).fits(stages))


def usual_decoder(stages: Sequence[Stage]) -> str | None:
    """The name of the decoder that ``auto`` stands for over these stages; None where neither of the usual ones fits."""
    return next((name for name in USUAL if _kind(name).fits(stages)), None)


def chosen_decoder(stages: Sequence[Stage], decoder: str = "auto") -> str:
    """The name of the decoder that a recipe's setting stands for over a backbone's stages.

    Args:
        stages: the stages of the backbone.
        decoder: the name of a decoder, or ``auto`` for the usual one.

    Raises:
        UsageError: if there is no such decoder, or it does not fit; the message says which do.
    """
    chosen = usual_decoder(stages) if decoder == "auto" else decoder
    if chosen is not None and _kind(chosen).fits(stages):
        return chosen
    others, strides = fitting(stages), dict.fromkeys(stage.stride for stage in stages)
    raise UsageError(
        f"recipe: decoder={decoder} does not fit this backbone, whose stages have the strides "
        f"{', '.join(map(str, strides))}: it takes {_kind(chosen or USUAL[-1]).takes}. "
        + (f"Use decoder={' or '.join(others)}." if others else "Choose another backbone.")
    )


def built_decoder(backbone: Backbone, decoder: str, dropout: float, outputs: int) -> Decoder:
    """The decoder of a backbone, with its own random start; the draws come from the global random state.

    Args:
        backbone: the backbone whose feature maps it takes.
        decoder: the name of a decoder, or ``auto`` for the usual one.
        dropout: the dropout probability in front of the last convolution.
        outputs: the number of logits of each pixel.

    Raises:
        UsageError: if there is no such decoder, or it does not fit; the message says which do.
    """
    make: Callable[[Backbone, float, int], Decoder] = DECODERS.get(chosen_decoder(backbone.stages, decoder))
    return make(backbone, dropout, outputs)


def _kind(name: str) -> type[Decoder]:
    return cast(type[Decoder], DECODERS.get(name))
