"""Barlow Twins: the cross-correlation of two views becomes the identity (Zbontar et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import byol_views, lars, phantom
from specs.steps import Cosine, Lars

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Zbontar et al. 2021, section 2.2, and https://github.com/facebookresearch/barlowtwins (main.py): rates times
# batch / 256, weight decay of the code, views as BYOL's.
PUBLISHED = lars(
    "barlow_twins",
    epochs=1000,
    batch_size=2048,
    optimizer=Lars(0.2 * 8, weight_decay=1e-6, bias_learning_rate=0.0048 * 8),
    schedule=Cosine(10, final=0.001),
    views=byol_views(),
)
PHANTOM = phantom("barlow_twins(head=(128, 128), off_diagonal=0.02, scale=0.1)")


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

    return Method(
        "redundancy reduction",
        "Zbontar et al. 2021, https://arxiv.org/abs/2103.03230",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
