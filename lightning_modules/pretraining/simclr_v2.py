"""SimCLR-v2: SimCLR with a head of three layers (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def simclr_v2(head: tuple[int, ...] = (2048, 2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v2 with the paper's settings.

    Args:
        head: features of the projection head's layers (section 2, three layers).
        temperature: of the loss (appendix).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.simclr import SimclrLearner

        return SimclrLearner(backbone, head, temperature)

    return Method("instance discrimination", "Chen et al. 2020, https://arxiv.org/abs/2006.10029", learner)
