"""ImageNet to MIMIC: the benchmark's journal extension, supervised ImageNet weights trained on with chest x-rays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card
from specs.titles import Words

if TYPE_CHECKING:
    from torch import Tensor

ARCHITECTURES = {
    "resnet50": "resnet50",
    "swin_base": 'timm("swin_base_patch4_window7_224")',
    "convnext_base": 'timm("convnext_base")',
}


@dataclass(frozen=True)
class ImageNetMIMIC(Published):
    """Published domain-adapted weights of three networks.

    Attributes:
        of: the network that the weights are of.
    """

    of: Literal["resnet50", "swin_base", "convnext_base"] = "resnet50"

    title: ClassVar[str] = "ImageNet to MIMIC"
    words: ClassVar[Words] = {"of": {"swin_base": "of Swin-B", "convnext_base": "of ConvNeXt-B"}}

    @property
    def architecture(self) -> str:
        """The network that the weights are of, for 224 x 224 pixels."""
        return ARCHITECTURES[self.of]

    @property
    def file(self) -> PublishedFile:
        """The file that the authors published."""
        name = f"domain_adapted_{self.of}_imagenet_mimic_checkpoint.pth.tar"
        return PublishedFile(
            name=name,
            page="https://zenodo.org/records/17627332",
            url=f"https://zenodo.org/records/17627332/files/{name}?download=1",
        )

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under timm's present names; its Swin and ConvNeXt had others before version 0.9."""
        from initializers.formats.timm_names import timms_own

        return timms_own(tensors, self.network())

    def card(self) -> Card:
        """The card of weights that learned the labels of ImageNet, then of chest x-rays; no licence is published."""
        return Card(
            method="supervised",
            source=self.file.url,
            licence="not stated",
            paper="Hosseinzadeh Taher et al. 2025, journal extension of https://arxiv.org/abs/2108.05930",
            training_data=("mimic_cxr", "imagenet"),
            normalization=IMAGENET,
        )
