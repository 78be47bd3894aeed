"""CLSA: contrastive learning with stronger augmentations, ImageNet (Wang and Qi 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.self_supervision import MOCO, SelfSupervised
from initializers.publishing.store import PublishedFile
from specs.titles import Words


@dataclass(frozen=True)
class CLSA(SelfSupervised):
    """Momentum contrast that learns how strongly augmented views are spread.

    A file is what the training saves, in MoCo's layout: training/main_worker.py, model/CLSA.py and lincls.py of the
    authors' repository. Their 800 epochs with several crops are not published; they advise the 200.

    Attributes:
        training: the crops and epochs of the training.
    """

    training: Literal["multi_200", "single_200", "single_800"] = "multi_200"

    words: ClassVar[Words] = {
        "training": {"single_200": "one crop, 200 epochs", "single_800": "one crop, 800 epochs"},
    }
    method = "CLSA"
    licence = "MIT for academic use"
    paper = "Wang and Qi 2021, https://arxiv.org/abs/2104.07713"
    naming = MOCO
    unseen = ("the files lie behind a drive's page and their names were not seen: those in the weight store are ours",)

    @property
    def file(self) -> PublishedFile:
        """The checkpoint of one of the trainings, under a name of ours."""
        return PublishedFile(
            name=f"clsa_{self.training}ep.pth.tar",
            page="https://github.com/maple-research-lab/CLSA",
        )
