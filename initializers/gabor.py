"""Gabor: synthetic Gabor filters in the first convolution, the rest from another initializer."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call
from specs.titles import Words

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.networks.contract import Backbone

FREQUENCIES = (0.08, 0.12, 0.18, 0.27)
"""The frequencies in cycles per pixel, a bit over half an octave apart; *assumed*, since the paper states none."""

BANDWIDTH = 1.0
"""The bandwidth in octaves, which is the default of scikit-image's ``gabor_kernel``, used by the paper."""


RANDOM = Call("random")


@dataclass(frozen=True)
class Gabor(Initializer):
    """Weights whose first convolution consists of Gabor filters (Raghu et al. 2019, section 5 and appendix).

    The filters are real and imaginary parts of Gabor kernels over a grid of frequencies and orientations, the same
    for every input channel. One factor scales them to the root mean square of a first convolution: that of the source
    or of ``scale_of``. The paper scaled its filters to the magnitude of learned ones (appendix), as
    ``gabor(scale_of=imagenet)`` does over random weights. Its angles, frequencies and widths are not published, nor is
    its measure of magnitude; the root mean square is *assumed*.

    Attributes:
        source: the initializer that gives everything else; ``random`` gives Gabor filters alone.
        scale_of: the initializer whose first convolution sets the magnitude of the filters; None takes the source's.
    """

    source: Annotated[Call, "initializers"] = RANDOM
    scale_of: Annotated[Call, "initializers"] | None = None

    words: ClassVar[Words] = {
        "source": "over {source:initializers}",
        "scale_of": "at the scale of {scale_of:initializers}",
    }

    def card(self) -> Card:
        """The source's card, with the training data that the scale comes from."""
        inner = build(self.source).card()
        method = "synthetic Gabor filters" + ("" if inner.method == "random" else f" over {inner.method}")
        if self.scale_of is None:
            return dataclasses.replace(inner, method=method)
        scale = build(self.scale_of).card()
        return dataclasses.replace(
            inner,
            method=f"{method} at the scale of {scale.method}",
            training_data=tuple(dict.fromkeys((*inner.training_data, *scale.training_data))),
        )

    def identity(self) -> dict[str, Any]:
        """The arguments; ``scale_of`` is left out if it is not given, so that older runs keep their keys."""
        return {name: value for name, value in super().identity().items() if name != "scale_of"}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The source's tensors, with the first convolution replaced by Gabor filters."""
        from initializers.loading.loading import fitting

        given = build(self.source).state_dict(backbone, generator, weights_of)
        tensors = fitting(self, given, backbone.weights())
        first = next(iter(tensors))
        like, done = tensors[first], "synthetic Gabor filters"
        if self.scale_of is not None:
            initializer = build(self.scale_of)
            learned = initializer.state_dict(backbone, generator, weights_of)
            like = fitting(initializer, learned, backbone.weights())[first]
            done += f" at the scale of {initializer.card().method}"
        if tensors[first].ndim != 4 or min(tensors[first].shape[2:]) < 3:
            raise WeightsError(
                f"{self}: the first tensor of this backbone, {first}, is of shape {tuple(tensors[first].shape)}; "
                "expected a convolution of 3 x 3 or more. Choose a convolutional backbone."
            )
        bank = gabor_bank(tensors[first].shape[0], tensors[first].shape[2])[:, None].expand(tensors[first].shape)
        scale = like.double().square().mean().sqrt() / bank.square().mean().sqrt()
        return dataclasses.replace(
            given,
            tensors=tensors | {first: (bank * scale).to(tensors[first].dtype)},
            transformed=given.transformed | {first: done},
            drawn=tuple(name for name in given.drawn if name != first),
            first=None,
        )


def gabor_bank(count: int, size: int) -> Tensor:
    """Gabor filters (count, size, size), float64, each with mean 0.

    A filter is exp(-(u^2 + v^2) / (2 s^2)) cos(2 pi f u + phase), with u along the orientation and
    s = sqrt(ln 2 / 2) / (pi f) (2^b + 1) / (2^b - 1) for a bandwidth of b octaves (as
    https://scikit-image.org/docs/stable/api/skimage.filters.html#skimage.filters.gabor_kernel; Daugman 1985).
    Orientations are spread evenly over half a turn; phases are 0 and a quarter turn (real and imaginary part).

    Args:
        count: the number of filters.
        size: the height and width of the filters in pixels.
    """
    import torch

    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    spread = math.sqrt(math.log(2) / 2) * (2**BANDWIDTH + 1) / (2**BANDWIDTH - 1) / math.pi
    orientations = max(1, math.ceil(count / (2 * len(FREQUENCIES))))
    filters = []
    for number in range(count):
        position, phase = divmod(number, 2)
        orientation, frequency = divmod(position, len(FREQUENCIES))
        angle, f = math.pi * orientation / orientations, FREQUENCIES[frequency]
        u = columns * math.cos(angle) + rows * math.sin(angle)
        envelope = torch.exp(-(rows.square() + columns.square()) / (2 * (spread / f) ** 2))
        kernel = envelope * torch.cos(2 * math.pi * f * u - phase * math.pi / 2)
        filters.append(kernel - kernel.mean())
    return torch.stack(filters)
