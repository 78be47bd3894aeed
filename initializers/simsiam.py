"""SimSiam: two views, a predictor and a stopped gradient, ImageNet (Chen and He 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.publishing import Naming
from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile
from specs.titles import Words


@dataclass(frozen=True)
class SimSiam(SelfSupervised):
    """Siamese networks without negative pairs, 100 epochs.

    Its files are what its training saves: README.md, main_simsiam.py and main_lincls.py of the authors' repository say
    where they are, what they hold and which part is the encoder.

    Attributes:
        batch_size: the number of images of a training step; the authors publish both.
    """

    batch_size: Literal[512, 256] = 512

    words: ClassVar[Words] = {"batch_size": "with batches of {batch_size}"}
    method = "SimSiam"
    licence = "CC-BY-NC-4.0"
    paper = "Chen and He 2021, https://arxiv.org/abs/2011.10566"
    naming = Naming("state_dict", "module.encoder.", ("fc.", "module.predictor."))

    @property
    def file(self) -> PublishedFile:
        """The checkpoint of the last epoch."""
        folder = "100ep" if self.batch_size == 512 else "100ep-256bs"
        return PublishedFile(
            name=f"simsiam_{folder}_checkpoint_0099.pth.tar",
            page="https://github.com/facebookresearch/simsiam",
            url=f"https://dl.fbaipublicfiles.com/simsiam/models/{folder}/pretrain/checkpoint_0099.pth.tar",
        )
