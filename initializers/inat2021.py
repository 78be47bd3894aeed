"""iNat2021: supervised on 10,000 species, whole or mini, from ImageNet or from scratch (Van Horn et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card
from specs.titles import Words


@dataclass(frozen=True)
class INat2021(Published):
    """Published weights of supervised training on iNaturalist 2021.

    The benchmark's paper does not say which of the four files it took.

    Attributes:
        part: the part of the dataset: ``large``, the whole set, or ``mini``, 50 images of each species.
        start: the weights that the training began with: ``imagenet``, or random ones, ``scratch``.
    """

    part: Literal["large", "mini"] = "large"
    start: Literal["imagenet", "scratch"] = "imagenet"

    words: ClassVar[Words] = {"part": {"mini": "mini"}, "start": {"scratch": "from scratch"}}

    @property
    def file(self) -> PublishedFile:
        """One of the four files of the authors' archive."""
        name = f"inat2021_supervised_{self.part}{'_from_scratch' if self.start == 'scratch' else ''}.pth.tar"
        return PublishedFile(
            name=name,
            page="https://cornell.box.com/s/bnyhq5lwobu6fgjrub44zle0pyjijbmw",
            member=f"pt/{name}",
        )

    def card(self) -> Card:
        """The card of weights that learned species."""
        return Card(
            method="supervised",
            source=self.file.page,
            licence="MIT",
            paper="Van Horn et al. 2021, https://arxiv.org/abs/2103.16483",
            training_data=("inat2021", *(("imagenet",) if self.start == "imagenet" else ())),
            normalization=IMAGENET,
        )
