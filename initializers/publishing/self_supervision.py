"""What the self-supervised ResNet-50s of ImageNet have in common: a card, and three ways to name tensors in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card

PYCONTRAST = Naming("model", "module.encoder.", ("module.head.", "module.head_jig."))
"""Checkpoints of PyContrast (https://github.com/HobbitLong/PyContrast)."""

MOCO = Naming("state_dict", "module.encoder_q.", ("fc.", "module.encoder_k.", "module.queue"))
"""Checkpoints of MoCo's code (https://github.com/facebookresearch/moco) and of PCL's, which builds on it."""

SWAV = Naming(None, "module.", ("projection_head.", "prototypes."))
"""Checkpoints of SwAV's code (https://github.com/facebookresearch/swav)."""


@dataclass(frozen=True)
class SelfSupervised(Published):
    """A ResNet-50 trained on ImageNet's images without labels.

    Attributes:
        method: its name, as in the papers' tables.
        licence: of the weights.
        paper: citation and URL.
        published: the authors' file.
    """

    method: ClassVar[str]
    licence: ClassVar[str]
    paper: ClassVar[str]
    published: ClassVar[PublishedFile]

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return self.published

    def card(self) -> Card:
        """Self-supervised on ImageNet, with ImageNet's input statistics."""
        return Card(
            method=self.method,
            source=self.file.url or self.file.page,
            licence=self.licence,
            paper=self.paper,
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
