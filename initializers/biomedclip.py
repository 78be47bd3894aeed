"""BiomedCLIP: the ViT-B/16 that learned from figures of 15 million articles with their captions (Zhang et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization

PAGE = "https://huggingface.co/microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"

CLIP = Normalization((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
"""The statistics of open_clip_config.json beside the weights, which are those of https://github.com/openai/CLIP."""


@dataclass(frozen=True)
class BiomedCLIP(Published):
    """The image tower of BiomedCLIP, without its projection and the text tower.

    open_clip holds a network of timm as ``visual.trunk`` (its ``TimmModel``), so that the names behind this prefix are
    timm's.
    """

    naming: ClassVar[Naming] = Naming(prefix="visual.trunk.", drop=("visual.head.", "text.", "logit_scale"))

    @property
    def architecture(self) -> str:
        """The network that the weights are of, as open_clip_config.json names it."""
        return 'timm("vit_base_patch16_224")'

    @property
    def file(self) -> PublishedFile:
        """The file of both towers."""
        return PublishedFile(
            name="biomedclip_open_clip_pytorch_model.bin",
            page=PAGE,
            url=f"{PAGE}/resolve/main/open_clip_pytorch_model.bin",
        )

    def card(self) -> Card:
        """The card of weights that learned which caption belongs to a figure of an article (PMC-15M)."""
        return Card(
            method="CLIP",
            source=self.file.url,
            licence="MIT",
            paper="Zhang et al. 2023, https://arxiv.org/abs/2303.00915",
            training_data=("pmc_15m",),
            normalization=CLIP,
            unseen=(
                "names are those of programs that load the tower strictly into timm's network",
                "which images of public collections are among the figures of the articles",
            ),
        )
