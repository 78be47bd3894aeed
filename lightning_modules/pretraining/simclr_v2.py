"""SimCLR-v2: SimCLR with a head of three layers (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DISTORTED, lars, phantom
from specs.steps import Cosine, Lars, RandomResizedCrop

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Chen et al. 2020 (v2), section 3: 0.1 times the root of the batch, 5 % of the epochs as warm-up.
PUBLISHED = lars(
    "simclr_v2",
    epochs=800,
    batch_size=4096,
    optimizer=Lars(6.4, weight_decay=1e-4),
    schedule=Cosine(40),
    augmentation=(RandomResizedCrop(0.08), *DISTORTED),
)
PHANTOM = phantom("simclr_v2(head=(128, 128, 64), temperature=0.2)")


def simclr_v2(head: tuple[int, ...] = (2048, 2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v2 with the paper's settings.

    Args:
        head: features of the projection head's layers (section 2, three layers).
        temperature: of the loss (appendix).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.simclr import SimclrLearner

        return SimclrLearner(backbone, head, temperature)

    return Method(
        "instance discrimination",
        "Chen et al. 2020, https://arxiv.org/abs/2006.10029",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
