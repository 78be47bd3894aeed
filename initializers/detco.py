"""DetCo: contrastive learning of images and patches, ImageNet (Xie et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.publishing import Naming
from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class DetCo(SelfSupervised):
    """Contrastive learning for object detection, 200 epochs without AutoAugment.

    The authors' converter (benchmarks/detection/convert-pretrain-to-detectron2.py of their repository) reads an entry
    ``state_dict`` with the backbone's own names.
    """

    method = "DetCo"
    licence = "BSD-2-Clause for academic use; for commercial use by agreement with the authors"
    paper = "Xie et al. 2021, https://arxiv.org/abs/2102.04803"
    naming = Naming("state_dict")
    published = PublishedFile(
        name="detco_200ep.pth",
        page="https://github.com/xieenze/DetCo",
    )
    unseen = (
        "the file lies behind a drive's page, so that its name is taken from programs that load it; layout and input "
        "statistics are those of the authors' converter and of the code that theirs is built on (OpenSelfSup)",
    )
