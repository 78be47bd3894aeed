"""SimCLR-v2: contrastive learning with a deeper head, 800 epochs (Chen et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from initializers.contract import Weights
from initializers.publishing import Published
from initializers.simclr import WARNINGS, from_converter, from_tensorflow
from initializers.store import PublishedFile
from specs.card import UNIT, Card


@dataclass(frozen=True)
class SimclrV2(Published):
    """The 1x network without selective kernels, as TensorFlow's checkpoint or already converted.

    Attributes:
        form: ``tensorflow``: the authors' folder pretrained/r50_1x_sk0, zipped; ``converted``: a file of the public
            converter (Separius/SimCLRv2-Pytorch), whose names are its own.
    """

    form: Literal["tensorflow", "converted"] = "tensorflow"

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
        """The encoder, not its moving average."""
        if self.form == "tensorflow":
            return self.checked(from_tensorflow(path))
        from initializers.checkpoints import read_tensors

        tensors, container = read_tensors(path, "resnet")
        return self.checked(Weights(from_converter(tensors), source=f"{path.name} ({container}, converter's names)"))

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels; its input is [0, 1]."""
        return Card(
            method="SimCLR-v2",
            source=self.file.page,
            licence="Apache-2.0",
            paper="Chen et al. 2020, https://arxiv.org/abs/2006.10029",
            training_data=("imagenet",),
            normalization=UNIT,
            warnings=WARNINGS,
        )
