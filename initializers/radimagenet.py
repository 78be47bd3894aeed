"""RadImageNet: supervised on 1.35 million CT, MRI and ultrasound images (Mei et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization
from specs.titles import Words

AROUND_ZERO = Normalization((0.5,), (0.5,))
"""The normalization to pixels in [-1, 1], as in the authors' PyTorch example: ``(image - 127.5) * 2 / 255``."""

NETWORKS = {
    "resnet50": ("ResNet50.pt", "resnet50"),
    "densenet121": ("DenseNet121.pt", 'timm("densenet121")'),
    "inception_v3": ("InceptionV3.pt", "inception_v3"),
}
"""The name of each network's file in the authors' archive, and the expression of its backbone."""

WARNINGS = {
    "densenet121": (
        "trained, as its names tell, as the features alone, without the ReLU behind the last normalization that "
        "follows here",
    ),
}
"""What is known of networks that were trained otherwise than they are used here."""

UNSEEN = {
    "densenet121": ("names are those of programs that load the file and miss none",),
    "inception_v3": ("the numbers of modules are those of programs that load the file, and leave out what is missing",),
}


@dataclass(frozen=True)
class RadImageNet(Published):
    """The authors' networks for PyTorch, whose modules are numbered as in a ``Sequential``.

    Copies that were converted from Keras are refused: they have other names, biases in their convolutions, and their
    strides in other layers. The same files are on https://huggingface.co/Lab-Rasool/RadImageNet, whose page asks for
    ImageNet's normalization; the authors' example (acl/acl_pytorch_train.ipynb of their repository) does not.

    Attributes:
        of: the network that the weights are of.
    """

    of: Literal["resnet50", "densenet121", "inception_v3"] = "resnet50"

    words: ClassVar[Words] = {"of": {"densenet121": "of DenseNet-121", "inception_v3": "of Inception-v3"}}
    naming: ClassVar[Naming] = Naming(prefix="backbone.", respelled=True)

    @property
    def architecture(self) -> str:
        """The network that the weights are of."""
        return NETWORKS[self.of][1]

    @property
    def file(self) -> PublishedFile:
        """A file of the authors' archive."""
        member = NETWORKS[self.of][0]
        return PublishedFile(
            name=f"RadImageNet-{member}",
            page="https://github.com/BMEII-AI/RadImageNet",
            member=member,
        )

    def card(self) -> Card:
        """The card of weights that learned the labels of radiological images.

        The dataset is available on request, for no commercial use.
        """
        return Card(
            method="supervised",
            source=self.file.page,
            licence="not stated",
            paper="Mei et al. 2022, https://doi.org/10.1148/ryai.210315",
            training_data=("radimagenet",),
            normalization=AROUND_ZERO,
            warnings=WARNINGS.get(self.of, ()),
            unseen=(
                "a page that offers the same files asks for ImageNet's normalization, the authors' example for [-1, 1]",
                *UNSEEN.get(self.of, ()),
            ),
        )
