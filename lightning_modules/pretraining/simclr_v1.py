"""SimCLR-v1: two views attract, the others of the batch repel (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def simclr_v1(head: tuple[int, ...] = (2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v1 with the paper's settings.

    Args:
        head: features of the projection head's layers (section 4.2).
        temperature: of the loss (appendix B.9, best for long training).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.simclr import SimclrLearner

        return SimclrLearner(backbone, head, temperature)

    return Method("instance discrimination", "Chen et al. 2020, https://arxiv.org/abs/2002.05709", learner)
