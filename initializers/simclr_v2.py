"""SimCLR-v2: contrastive learning with a deeper head, 800 epochs (Chen et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from initializers.loading.contract import Weights
from initializers.publishing.publishing import Naming, Published
from initializers.publishing.simclr import WARNINGS, from_converter, from_tensorflow
from initializers.publishing.store import PublishedFile
from specs.card import UNIT, Card
from specs.titles import Words

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SimclrV2(Published):
    """Published weights of the 1x network without selective kernels, from TensorFlow's checkpoint or converted.

    Attributes:
        form: the form of the file: ``tensorflow``, the authors' folder pretrained/r50_1x_sk0, zipped; or ``converted``,
            a file of the public converter (Separius/SimCLRv2-Pytorch), whose names are its own.
    """

    naming: ClassVar[Naming] = Naming(key="resnet")

    words: ClassVar[Words] = {"form": {"converted": "converted"}}

    form: Literal["tensorflow", "converted"] = "tensorflow"

    @property
    def program(self) -> Literal["torch", "TensorFlow", "pickle"]:
        """The program that wrote the file."""
        return "TensorFlow" if self.form == "tensorflow" else "torch"

    @property
    def file(self) -> PublishedFile:
        """The authors' folder as a zip archive, or the converter's file."""
        if self.form == "converted":
            return PublishedFile(name="r50_1x_sk0.pth", page="https://github.com/Separius/SimCLRv2-Pytorch")
        return PublishedFile(
            name="simclrv2_r50_1x_sk0.zip",
            page="https://github.com/google-research/simclr",
            member="gs://simclr-checkpoints/simclrv2/pretrained/r50_1x_sk0, zipped,",
        )

    def convert(self, path: Path) -> Weights:
        """The encoder's tensors under torchvision's names, not those of its moving average."""
        return self.checked(from_tensorflow(path)) if self.form == "tensorflow" else super().convert(path)

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under torchvision's names instead of the converter's."""
        return from_converter(tensors), {}

    def card(self) -> Card:
        """The card of weights that were trained on ImageNet without labels, with inputs in [0, 1]."""
        return Card(
            method="SimCLR-v2",
            source=self.file.page,
            licence="Apache-2.0",
            paper="Chen et al. 2020, https://arxiv.org/abs/2006.10029",
            training_data=("imagenet",),
            normalization=UNIT,
            warnings=WARNINGS,
        )
