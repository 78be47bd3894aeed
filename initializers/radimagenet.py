"""RadImageNet: supervised on 1.35 million CT, MRI and ultrasound images (Mei et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization

if TYPE_CHECKING:
    from torch import Tensor

MODULES = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}
"""The places of ResNet-50's modules in the authors' ``Sequential``, and torchvision's names."""

AROUND_ZERO = Normalization((0.5,), (0.5,))
"""Pixels in [-1, 1], as the authors' PyTorch example has them: ``(image - 127.5) * 2 / 255``."""


@dataclass(frozen=True)
class RadImageNet(Published):
    """The authors' ResNet-50 for PyTorch.

    Copies that were converted from Keras have other names, biases in their convolutions and the stride in other places;
    they are refused.
    """

    naming: ClassVar[Naming] = Naming(prefix="backbone.")

    @property
    def file(self) -> PublishedFile:
        """A file of the authors' archive."""
        return PublishedFile(
            name="RadImageNet-ResNet50.pt",
            page="https://github.com/BMEII-AI/RadImageNet",
            member="ResNet50.pt",
        )

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Numbers as torchvision's names."""
        parts = {name: name.partition(".") for name in tensors}
        return {
            f"{MODULES.get(first, first)}{dot}{rest}": tensors[name] for name, (first, dot, rest) in parts.items()
        }, {}

    def card(self) -> Card:
        """Supervised on radiological images; the dataset is available on request, for no commercial use."""
        return Card(
            method="supervised",
            source=self.file.page,
            licence="not stated",
            paper="Mei et al. 2022, https://doi.org/10.1148/ryai.210315",
            training_data=("radimagenet",),
            normalization=AROUND_ZERO,
        )
