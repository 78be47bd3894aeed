"""TorchXRayVision: a ResNet-50 and seven DenseNet-121 of gray chest x-rays, supervised (Cohen et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization

HOUNSFIELD = Normalization((0.5,), (1 / 2048,))
"""The normalization to pixels in [-1024, 1024]: ``normalize`` of the library maps [0, 1] to (2 x - 1) * 1024."""

DENSENET = "{}-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
"""The name of a DenseNet's file in the library's release v1, with the names of its training sets."""


class Release(NamedTuple):
    """One file of the library's release v1.

    Attributes:
        file: the name of the file.
        training_data: the datasets that its network was trained on, by registry name where there is one.
    """

    file: str
    training_data: tuple[str, ...]


RELEASES = {
    "resnet50-res512-all": Release(
        "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt",
        ("padchest", "chestxray14", "rsna_pneumonia", "siim_acr", "vindr_cxr"),
    ),
    "densenet121-res224-all": Release(
        DENSENET.format("nih-pc-chex-mimic_ch-google-openi-kaggle"),
        ("chestxray14", "padchest", "chexpert", "mimic_cxr", "openi", "rsna_pneumonia"),
    ),
    "densenet121-res224-rsna": Release(DENSENET.format("kaggle"), ("rsna_pneumonia",)),
    "densenet121-res224-nih": Release(DENSENET.format("nih"), ("chestxray14",)),
    "densenet121-res224-pc": Release(DENSENET.format("pc"), ("padchest",)),
    "densenet121-res224-chex": Release(DENSENET.format("chex"), ("chexpert",)),
    "densenet121-res224-mimic_nb": Release(DENSENET.format("mimic_nb"), ("mimic_cxr",)),
    "densenet121-res224-mimic_ch": Release(DENSENET.format("mimic_ch"), ("mimic_cxr",)),
}
"""The files by the library's names of its weights (torchxrayvision/models.py, ``model_urls``)."""


@dataclass(frozen=True)
class TorchXRayVision(Published):
    """Networks of one input channel, as the library publishes them.

    The ResNet's file is a state dict with torchvision's names. Those of the DenseNets are whole modules, which the
    library unpickles; here their tensors are taken as data, and no class of theirs is imported. A network for colour
    images gets the channel in each of its three, a third each, so that it answers a gray image as the library does.

    Attributes:
        weights: the library's name of the weights: the network, the pixels of its training images and their source;
            ``mimic_nb`` and ``mimic_ch`` are MIMIC-CXR with the labels of NegBio and of CheXpert's labeler.
    """

    weights: Literal[
        "resnet50-res512-all",
        "densenet121-res224-all",
        "densenet121-res224-rsna",
        "densenet121-res224-nih",
        "densenet121-res224-pc",
        "densenet121-res224-chex",
        "densenet121-res224-mimic_nb",
        "densenet121-res224-mimic_ch",
    ] = "resnet50-res512-all"

    title: ClassVar[str] = "TorchXRayVision {weights}"
    naming: ClassVar[Naming] = Naming(drop=("op_threshs",))

    @property
    def architecture(self) -> str:
        """The network that the weights are of."""
        return "resnet50" if self.weights.startswith("resnet50") else 'timm("densenet121")'

    @property
    def file(self) -> PublishedFile:
        """The file of the library's first release."""
        name = RELEASES[self.weights].file
        return PublishedFile(
            name=name,
            page="https://github.com/mlmed/torchxrayvision",
            url=f"https://github.com/mlmed/torchxrayvision/releases/download/v1/{name}",
        )

    def card(self) -> Card:
        """The card of weights that learned the findings of chest x-rays.

        The library divides the images at random, so that its training images are among the official test images of
        ChestX-ray14.
        """
        resnet = self.weights.startswith("resnet50")
        return Card(
            method="supervised",
            source=self.file.url,
            licence="Apache-2.0",
            paper="Cohen et al. 2022, https://arxiv.org/abs/2111.00595"
            if resnet
            else "Cohen et al. 2020, https://arxiv.org/abs/2002.02497",
            training_data=RELEASES[self.weights].training_data,
            normalization=HOUNSFIELD,
            unseen=() if resnet else ("the layout of the pickled module is that of the library's class",),
        )
