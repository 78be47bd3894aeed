"""PixPro: consistency of pixels of two views, ImageNet (Xie et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.publishing import Naming
from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile
from specs.titles import Words

MD5 = {400: "919c6612", 100: "91059202"}
"""How the md5 of each file begins, by epochs: publish_model.py of the authors' repository writes it into the name."""


@dataclass(frozen=True)
class PixPro(SelfSupervised):
    """Pixel to propagation consistency.

    A file has an entry ``model`` with both encoders, their projections and the propagation module
    (contrast/models/PixPro.py); the authors' converter takes ``module.encoder.``
    (transfer/detection/convert_pretrain_to_d2.py).

    Attributes:
        epochs: the number of epochs of the training; the authors publish both.
    """

    epochs: Literal[400, 100] = 400

    words: ClassVar[Words] = {"epochs": "{epochs} epochs"}
    method = "PixPro"
    licence = "MIT"
    paper = "Xie et al. 2021, https://arxiv.org/abs/2011.10043"
    naming = Naming(
        "model",
        "module.encoder.",
        ("module.projector.", "module.encoder_k.", "module.projector_k.", "module.value_transform."),
    )
    unseen = ("the files lie behind a drive's page, so that their names are taken from programs that load them",)

    @property
    def file(self) -> PublishedFile:
        """The file of one of the two trainings."""
        return PublishedFile(
            name=f"pixpro_base_r50_{self.epochs}ep_md5_{MD5[self.epochs]}.pth",
            page="https://github.com/zdaxie/PixPro",
            digest=f"md5:{MD5[self.epochs]}",
        )
