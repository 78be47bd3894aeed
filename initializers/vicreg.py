"""VICReg: variance, invariance and covariance, ImageNet (Bardes et al. 2022), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class VICReg(SelfSupervised):
    """Variance, invariance and covariance regularization, 1000 epochs.

    The file is the backbone's state dict, which the authors load strictly (hubconf.py of their repository). Their
    network pads the image by 1 and the first convolution's input by 2, which is the usual 3.
    """

    method = "VICReg"
    licence = "MIT"
    paper = "Bardes et al. 2022, https://arxiv.org/abs/2105.04906"
    published = PublishedFile(
        name="vicreg_resnet50.pth",
        page="https://github.com/facebookresearch/vicreg",
        url="https://dl.fbaipublicfiles.com/vicreg/resnet50.pth",
    )
