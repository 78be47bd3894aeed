"""OBoW: bags of visual words made on the way, ImageNet (Gidaris et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.publishing import Naming
from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class OBoW(SelfSupervised):
    """The student of online bag-of-visual-words generation, 200 epochs.

    The file is what ``save_feature_extractor_in_torchvision_format`` writes (obow/builder_obow.py of the authors'
    repository): an entry ``network`` with torchvision's names, whose ``fc`` predicts visual words. The licence is that
    of the file LICENSE; README.md says MIT.
    """

    method = "OBoW"
    licence = "Apache-2.0"
    paper = "Gidaris et al. 2021, https://arxiv.org/abs/2012.11552"
    naming = Naming("network")
    published = PublishedFile(
        name="tochvision_resnet50_student_K8192_epoch200.pth.tar",
        page="https://github.com/valeoai/obow",
        member="ImageNetFull_ResNet50_OBoW_full_feature_extractor/tochvision_resnet50_student_K8192_epoch200.pth.tar",
    )
