"""timm: any pretrained weights of timm by architecture and tag, such as timm("vit_small_patch16_224.dino")."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backbones.networks.architectures import entry_of
from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization
from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Timm(Published):
    """Weights that timm publishes, from the hub where it keeps them.

    Attributes:
        name: the architecture and tag, as ``timm.list_pretrained()`` lists them.

    Raises:
        UsageError: if the name has no tag.
    """

    name: str

    title: ClassVar[str] = "{name} of timm"

    def __post_init__(self) -> None:
        """Check the form of the name."""
        if not re.fullmatch(r"\w+\.\w+", self.name):
            raise UsageError(
                f'timm("{self.name}"): expected architecture and tag, such as "vit_small_patch16_224.dino". '
                "`timm.list_pretrained()` lists them."
            )

    @property
    def architecture(self) -> str:
        """The network that the weights are of."""
        name = self.name.partition(".")[0]
        return entry_of(name) or f'timm("{name}")'

    @property
    def file(self) -> PublishedFile:
        """The file on the hub."""
        return PublishedFile(
            name=f"timm--{self.name}.safetensors",
            page=f"https://huggingface.co/timm/{self.name}",
            url=f"https://huggingface.co/timm/{self.name}/resolve/main/model.safetensors",
        )

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under timm's present names."""
        from initializers.formats.timm_names import timms_own

        return timms_own(tensors, self.network())

    def card(self) -> Card:
        """The card from timm's own description of the weights; the tag stands for the training data.

        Raises:
            UsageError: lists near matches if timm has no such weights.
        """
        from timm import get_pretrained_cfg, list_pretrained

        try:
            config = get_pretrained_cfg(self.name)
        except RuntimeError:
            config = None
        if config is None or not config.has_weights:
            near = difflib.get_close_matches(self.name, list_pretrained(), n=3)
            raise UsageError(
                f'timm has no weights "{self.name}". '
                + (f"Did you mean {' or '.join(near)}? " if near else "")
                + "`timm.list_pretrained()` lists them."
            )
        tag = self.name.partition(".")[2]
        return Card(
            method=tag,
            source=self.file.url,
            licence=config.license or "not stated",
            paper=config.paper_name,
            training_data=("imagenet",) if re.search(r"(^|_)(in(1|12|21|22)k|dino|mae)(_|$)", tag) else (tag,),
            normalization=Normalization(tuple(config.mean), tuple(config.std)),
        )
