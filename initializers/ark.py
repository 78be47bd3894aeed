"""Ark: Swin transformers that learned the labels of five or six sets of chest x-rays in turn (Ma et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card
from specs.titles import Words

if TYPE_CHECKING:
    from torch import Tensor

    from initializers.formats.checkpoints import Container

FIVE = ("chexpert", "chestxray14", "rsna_pneumonia", "vindr_cxr", "shenzhen")
"""The training sets of Ark-5: the first five of README.md, whose 335,484 training images are those of the paper."""


class Release(NamedTuple):
    """One of the published networks.

    Attributes:
        file: the name of the file that the authors send.
        architecture: the expression of the backbone.
        training_data: the training sets, by registry name where there is one.
        paper: the citation and URL of the paper.
    """

    file: str
    architecture: str
    training_data: tuple[str, ...]
    paper: str


RELEASES = {
    "ark5": Release(
        "ark5_teacher_ep200_swinb_projector1376.pth.tar",
        'timm("swin_base_patch4_window7_224")',
        FIVE,
        "Ma et al. 2023, https://arxiv.org/abs/2310.09507",
    ),
    "ark6": Release(
        "ark6_teacher_ep200_swinb_projector1376_mlp.pth.tar",
        'timm("swin_base_patch4_window7_224")',
        (*FIVE, "mimic_cxr"),
        "Ma et al. 2023, https://arxiv.org/abs/2310.09507",
    ),
    "ark_plus": Release(
        "Ark6_swinLarge768_ep50.pth.tar",
        'timm("swin_large_patch4_window12_384", image_size=768)',
        (*FIVE, "mimic_cxr"),
        "Ma et al. 2025, https://doi.org/10.1038/s41586-025-09079-8",
    ),
}


@dataclass(frozen=True)
class Ark(Published):
    """The teachers of Ark-5, Ark-6 and Ark+, which their authors send to those who fill in a form.

    README.md of https://github.com/jlianglab/Ark loads the files of Ark-5 and Ark-6 as state dicts in the names of timm
    0.5; those of its training, as of Ark+, have the teacher in an entry (Ark_Plus/Zeroshot, Ark_Plus/Finetuning).

    Attributes:
        of: the network: ``ark5`` and ``ark6`` are Swin-B for 224 pixels, ``ark_plus`` is Swin-L for 768.
    """

    of: Literal["ark5", "ark6", "ark_plus"] = "ark6"

    title: ClassVar[str] = "{of}"
    words: ClassVar[Words] = {"of": {"ark5": "Ark-5", "ark6": "Ark-6", "ark_plus": "Ark+"}}
    naming: ClassVar[Naming] = Naming("teacher", None, ("projector.", "omni_heads.", "head_dist."))

    @property
    def architecture(self) -> str:
        """The network that the weights are of."""
        return RELEASES[self.of].architecture

    @property
    def file(self) -> PublishedFile:
        """The file that the authors send."""
        return PublishedFile(name=RELEASES[self.of].file, page="https://github.com/jlianglab/Ark")

    def layout(self, container: Container) -> Naming:
        """The naming of a file that is the teacher's state dict, or has the teacher in its entry, beside a student."""
        from initializers.formats.checkpoints import has_tensors

        return self.naming._replace(key=None) if has_tensors(container.content) else self.naming

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under timm's present names; its Swin had others before version 0.9."""
        from initializers.formats.timm_names import timms_own

        return timms_own(tensors, self.network())

    def card(self) -> Card:
        """The card of weights that learned the labels of all these sets, from those of ImageNet."""
        release = RELEASES[self.of]
        return Card(
            method="supervised",
            source=self.file.page,
            licence="ASU GitHub Project License, for non-commercial use",
            paper=release.paper,
            training_data=(*release.training_data, "imagenet"),
            normalization=IMAGENET,
            unseen=(
                "names of files and tensors are those that the authors' code reads, which leaves out what does not fit",
            ),
        )
