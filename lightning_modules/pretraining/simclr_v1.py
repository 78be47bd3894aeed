"""SimCLR-v1: two views attract, the others of the batch repel (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DISTORTED, lars, phantom
from specs.steps import Cosine, Lars, RandomResizedCrop

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Chen et al. 2020, section 2.2 and appendix B.6: 0.3 times batch / 256, 10 epochs of warm-up.
PUBLISHED = lars(
    "simclr_v1",
    epochs=1000,
    batch_size=4096,
    optimizer=Lars(4.8, weight_decay=1e-6),
    schedule=Cosine(10),
    augmentation=(RandomResizedCrop(0.08), *DISTORTED),
)
PHANTOM = phantom("simclr_v1(head=(128, 64), temperature=0.2)")


def simclr_v1(head: tuple[int, ...] = (2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v1 with the paper's settings.

    Args:
        head: features of the projection head's layers (section 4.2).
        temperature: of the loss (appendix B.9, best for long training).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.simclr import SimclrLearner

        return SimclrLearner(backbone, head, temperature)

    return Method(
        "instance discrimination",
        "Chen et al. 2020, https://arxiv.org/abs/2002.05709",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
