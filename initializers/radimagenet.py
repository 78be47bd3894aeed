"""RadImageNet: supervised on 1.35 million CT, MRI and ultrasound images (Mei et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization

AROUND_ZERO = Normalization((0.5,), (0.5,))
"""The normalization to pixels in [-1, 1], as in the authors' PyTorch example: ``(image - 127.5) * 2 / 255``."""


@dataclass(frozen=True)
class RadImageNet(Published):
    """The authors' ResNet-50 for PyTorch, whose modules are numbered as in a ``Sequential``.

    Copies that were converted from Keras are refused: they have other names, biases in their convolutions, and their
    strides in other layers.
    """

    naming: ClassVar[Naming] = Naming(prefix="backbone.", numbered=True)

    @property
    def file(self) -> PublishedFile:
        """A file of the authors' archive."""
        return PublishedFile(
            name="RadImageNet-ResNet50.pt",
            page="https://github.com/BMEII-AI/RadImageNet",
            member="ResNet50.pt",
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
        )
