"""VICRegL: VICReg of whole views and of places in them, ImageNet (Bardes et al. 2022), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile
from specs.titles import Words


@dataclass(frozen=True)
class VICRegL(SelfSupervised):
    """VICReg with a local criterion.

    A file is the backbone's state dict, which the authors load strictly (hubconf.py of their repository).

    Attributes:
        alpha: the weight of the criterion on whole views; the rest of 1 is the weight of the local one.
    """

    alpha: Literal["0.9", "0.75"] = "0.9"

    words: ClassVar[Words] = {"alpha": "alpha {alpha}"}
    method = "VICRegL"
    licence = "CC-BY-NC-4.0"
    paper = "Bardes et al. 2022, https://arxiv.org/abs/2210.01571"

    @property
    def file(self) -> PublishedFile:
        """The backbone of one of the two trainings."""
        return PublishedFile(
            name=f"vicregl_resnet50_alpha{self.alpha}.pth",
            page="https://github.com/facebookresearch/VICRegL",
            url=f"https://dl.fbaipublicfiles.com/vicregl/resnet50_alpha{self.alpha}.pth",
        )
