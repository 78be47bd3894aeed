"""SimCLR-v1: contrastive learning of views, 1000 epochs of ImageNet (Chen et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from initializers.loading.contract import Weights
from initializers.publishing.publishing import Published
from initializers.publishing.simclr import WARNINGS, from_tensorflow
from initializers.publishing.store import PublishedFile
from specs.card import UNIT, Card
from specs.titles import Words


@dataclass(frozen=True)
class SimclrV1(Published):
    """Published weights of the 1x network, from TensorFlow's checkpoint or already converted to torchvision's names.

    Attributes:
        form: the form of the file: ``tensorflow``, the authors' archive, or ``converted``, a file of the public
            converter (tonylins/simclr-converter).
    """

    form: Literal["tensorflow", "converted"] = "tensorflow"

    words: ClassVar[Words] = {"form": {"converted": "converted"}}

    @property
    def program(self) -> Literal["torch", "TensorFlow", "pickle"]:
        """The program that wrote the file."""
        return "TensorFlow" if self.form == "tensorflow" else "torch"

    @property
    def file(self) -> PublishedFile:
        """The authors' archive, or the converter's file."""
        if self.form == "converted":
            return PublishedFile(name="resnet50-1x.pth", page="https://github.com/tonylins/simclr-converter")
        return PublishedFile(
            name="ResNet50_1x.zip",
            page="https://storage.cloud.google.com/simclr-gcs/checkpoints/ResNet50_1x.zip",  # asks for a login
        )

    def convert(self, path: Path) -> Weights:
        """The encoder's tensors under torchvision's names."""
        return self.checked(from_tensorflow(path)) if self.form == "tensorflow" else super().convert(path)

    def card(self) -> Card:
        """The card of weights that were trained on ImageNet without labels, with inputs in [0, 1]."""
        return Card(
            method="SimCLR-v1",
            source=self.file.url or self.file.page,
            licence="Apache-2.0",
            paper="Chen et al. 2020, https://arxiv.org/abs/2002.05709",
            training_data=("imagenet",),
            normalization=UNIT,
            warnings=WARNINGS,
        )
