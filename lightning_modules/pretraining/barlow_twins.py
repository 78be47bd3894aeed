"""Barlow Twins: the cross-correlation of two views becomes the identity (Zbontar et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def barlow_twins(
    head: tuple[int, ...] = (8192, 8192, 8192), off_diagonal: float = 0.0051, scale: float = 0.024
) -> Method:
    """Barlow Twins with the paper's settings.

    Args:
        head: features of the projector's layers (section 2.2).
        off_diagonal: lambda (section 2.2).
        scale: of the loss (the authors' code, ``scale_loss``).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.redundancy import BarlowLearner

        return BarlowLearner(backbone, head, off_diagonal, scale)

    return Method("redundancy reduction", "Zbontar et al. 2021, https://arxiv.org/abs/2103.03230", learner)
