"""RETFound: ViT-L of retinal photographs or OCT, trained without labels by MAE or DINOv2 (Zhou et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card

if TYPE_CHECKING:
    from initializers.formats.checkpoints import Container

MAE = Naming("model", None, ("decoder_", "mask_token"))
"""The naming of masked autoencoders (https://github.com/facebookresearch/mae), whose decoder is left out."""

DINOV2 = Naming("teacher", "backbone.", ("mask_token", "dino_head.", "ibot_head."), respelled=True)
"""The naming of DINOv2's teacher checkpoints (dinov2/train/train.py of its repository)."""

TRAINING_DATA = {
    "mae_natureCFP": ("meh_midas", "eyepacs", "imagenet"),
    "mae_natureOCT": ("meh_midas", "kermany2018", "imagenet"),
    "mae_meh": ("alzeye",),
    "mae_shanghai": ("sdpp",),
    "dinov2_meh": ("alzeye",),
    "dinov2_shanghai": ("sdpp",),
}
"""What each network was trained on: MEH-MIDAS and AlzEye are of Moorfields Eye Hospital, the SDPP is of Shanghai.

The first two are described by Zhou et al. 2023, section "Datasets for developing RETFound".
"""


@dataclass(frozen=True)
class RETFound(Published):
    """Six encoders whose files are published under these names, for those who agree to their terms.

    Layouts are those that main_finetune.py of https://github.com/rmaphoh/RETFound_MAE (commit 897d71c) reads. Its
    fine-tuning multiplies the learning rate by 0.65 from layer to layer.

    Attributes:
        weights: the name of the weights: the method, and what they were trained on.
    """

    weights: Literal["mae_natureCFP", "mae_natureOCT", "mae_meh", "mae_shanghai", "dinov2_meh", "dinov2_shanghai"] = (
        "mae_natureCFP"
    )

    title: ClassVar[str] = "RETFound {weights}"
    naming: ClassVar[Naming] = MAE

    @property
    def architecture(self) -> str:
        """The network that the weights are of, for 224 x 224 pixels."""
        mae = 'timm("vit_large_patch16_224")'
        return mae if self.weights.startswith("mae") else 'timm("vit_large_patch14_dinov2", image_size=224)'

    def layout(self, container: Container) -> Naming:
        """The naming of the method that trained the weights."""
        return MAE if self.weights.startswith("mae") else DINOV2

    @property
    def file(self) -> PublishedFile:
        """The file, which Hugging Face gives to those who agree to its terms."""
        return PublishedFile(
            name=f"RETFound_{self.weights}.pth",
            page=f"https://huggingface.co/YukunZhou/RETFound_{self.weights}",
        )

    def card(self) -> Card:
        """The card of weights that were trained on retinal images without labels, from those of ImageNet."""
        mae = self.weights.startswith("mae")
        nature = "nature" in self.weights
        warnings = (
            "fine-tuned by its authors on the mean over patches behind a new normalization, here on the class token "
            "behind the one that was trained",
        )
        return Card(
            method="MAE" if mae else "DINOv2",
            source=self.file.page,
            licence="CC-BY-NC-4.0",
            paper="Zhou et al. 2023, https://doi.org/10.1038/s41586-023-06555-x",
            training_data=TRAINING_DATA[self.weights],
            normalization=IMAGENET,
            warnings=warnings if mae else (),
            unseen=(
                "the layout is the one that the authors' fine-tuning reads, which leaves out what does not fit",
                *(() if nature else ("which images of the hospital the network was trained on",)),
            ),
        )
