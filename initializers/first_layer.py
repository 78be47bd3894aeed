"""First Layer: another initializer's weights, whose first layer meets other numbers of channels by a chosen rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call
from specs.titles import Words

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class FirstLayer(Initializer):
    """A source's weights, with a choice for the first layer where images have another number of channels.

    ``mean``, which all weights get without this, gives every channel the mean of the source's channels; ``repeat``
    gives channels the source's in turn, red, green, blue and red again, as timm does
    (https://huggingface.co/docs/timm/models). Both are scaled so that an image of equal channels is answered as the
    source answers it. ``drawn`` draws the first layer anew. Where the source has as many channels, nothing changes.

    Attributes:
        source: the initializer whose weights are taken: one that reads a file or a run, not one that changes weights,
            which may go around this one.
        rule: how the first layer is made.
    """

    source: Annotated[Call, "initializers"]
    rule: Literal["mean", "repeat", "drawn"]

    title: ClassVar[str] = "{source:initializers}"
    words: ClassVar[Words] = {
        "rule": {
            "mean": "first layer by mean", "repeat": "first layer by repetition", "drawn": "first layer drawn anew",
        }
    }  # fmt: skip

    def card(self) -> Card:
        """The source's card."""
        return build(self.source).card()

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The source's tensors, with the first layer made by the rule where its number of channels differs.

        Raises:
            WeightsError: if the source changed the first layer after its channels were adapted.
        """
        from initializers.loading.channels import first_convolution
        from initializers.loading.inputs import for_inputs

        given = build(self.source).state_dict(backbone, generator, weights_of)
        name = first_convolution(backbone.weights())
        if given.first is None:
            if "input channel" in given.transformed.get(name, ""):
                raise WeightsError(
                    f"{self}: {self.source} changes weights whose first layer has been adapted to other channels, so "
                    f"that no rule can be chosen any more. Put first_layer inside it, around the weights themselves."
                )
            return given
        kept = {one: how for one, how in given.transformed.items() if one != name}
        if self.rule == "drawn":
            return dataclasses.replace(
                given,
                tensors=given.tensors | {name: backbone.draw(generator)[name]},
                transformed=kept,
                drawn=(*given.drawn, name),
                source=f"{given.source}; first layer drawn anew",
            )
        original = dataclasses.replace(given, tensors=given.tensors | {name: given.first}, transformed=kept)
        return for_inputs(original, backbone, self.rule)
