"""The common part of published self-supervised ResNet-50s of ImageNet: their card, and how their files name tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card

PYCONTRAST = Naming("model", "module.encoder.", ("module.head.", "module.head_jig."))
"""The naming in checkpoints of PyContrast (https://github.com/HobbitLong/PyContrast)."""

MOCO = Naming("state_dict", "module.encoder_q.", ("fc.", "module.encoder_k.", "module.queue"))
"""The naming in checkpoints of MoCo (https://github.com/facebookresearch/moco) and of PCL, which builds on its code."""

SWAV = Naming(None, "module.", ("projection_head.", "prototypes."))
"""The naming in checkpoints of SwAV's code (https://github.com/facebookresearch/swav)."""


@dataclass(frozen=True)
class SelfSupervised(Published):
    """A ResNet-50 trained on ImageNet's images without labels.

    Attributes:
        method: the name of the method, as in the papers' tables.
        licence: the licence of the weights.
        paper: the paper's citation and URL.
        published: the file that the authors published.
        unseen: what could not be verified on the file itself, in words.
    """

    method: ClassVar[str]
    licence: ClassVar[str]
    paper: ClassVar[str]
    published: ClassVar[PublishedFile]
    unseen: ClassVar[tuple[str, ...]] = ()

    @property
    def file(self) -> PublishedFile:
        """The file that the authors published."""
        return self.published

    def card(self) -> Card:
        """The card of weights that were trained on ImageNet without labels, with ImageNet's input statistics."""
        return Card(
            method=self.method,
            source=self.file.url or self.file.page,
            licence=self.licence,
            paper=self.paper,
            training_data=("imagenet",),
            normalization=IMAGENET,
            unseen=self.unseen,
        )
