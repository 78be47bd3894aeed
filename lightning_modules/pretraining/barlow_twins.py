"""Barlow Twins: the cross-correlation of two views becomes the identity (Zbontar et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import byol_views, large_batches, phantom
from specs.recipe_parts import Cosine, Lars
from specs.sources import Difference, ours, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Zbontar et al. 2021, section 2.2, and https://github.com/facebookresearch/barlowtwins (main.py): rates of 0.2 for
# weights and 0.0048 for biases and normalization layers, times batch / 256; weight decay of the code (1.5e-6 in the
# paper); views as BYOL's. An older version of main.py had the rate 0.2 for all and multiplied the loss by 0.024, which
# LARS does not notice and which makes 0.0048 of the others' 0.2: one or the other, never both. The code's all-reduce
# passes no gradient on, so that biases and normalization layers see the gradient divided by the number of GPUs (16 in
# its README.md); that is left out here, where the number of devices changes nothing.
PUBLISHED = large_batches(
    "barlow_twins",
    epochs=1000,
    batch_size=2048,
    optimizer=Lars(0.2 * 8, weight_decay=1e-6, bias_learning_rate=0.0048 * 8),
    schedule=Cosine(10, final=0.001),
    views=byol_views(),
)
PHANTOM = phantom("barlow_twins(head=(128, 128), off_diagonal=0.02)")

CODE = "https://github.com/facebookresearch/barlowtwins, main.py"
SOURCES = together(
    shared.EVERYWHERE,
    shared.NORMALIZED,
    shared.byol_views(f"{CODE}, Transform: BYOL's (Grill et al. 2020, appendix B, table 6)"),
    published(
        {
            "image_size": 224,
            "batch_size": 2048,
            "epochs": 1000,
            "optimizer": shared.lars(0.2 * 8, 1e-6, bias_learning_rate=0.0048 * 8),
            "schedule": shared.cosine(10, final=0.001),
        },
        f"{CODE}: rates of 0.2, and 0.0048 of biases and normalization layers, times batch / 256",
    ),
    ours({"precision": "32"}, published=f"mixed precision ({CODE})", because="the same numbers on every processor"),
    published(
        {"method": {"name": "barlow_twins", "head": [8192, 8192, 8192], "off_diagonal": 0.0051, "residual": "zero"}},
        f"{CODE}: --projector, --lambd, zero_init_residual",
    ),
)

DIFFERENCES = (
    Difference(
        "gradients of biases and normalization layers",
        f"divided by the number of GPUs, 16 in its README.md, since the all-reduce passes no gradient on ({CODE})",
        "those of the whole batch",
        "the number of devices changes nothing here",
    ),
)


def barlow_twins(head: tuple[int, ...] = (8192, 8192, 8192), off_diagonal: float = 0.0051) -> Method:
    """Barlow Twins with the paper's settings.

    Args:
        head: the number of features of each of the projector's layers (section 2.2).
        off_diagonal: the weight lambda of the redundancy, 5e-3 in the paper (the authors' code, ``lambd``).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.redundancy import BarlowLearner

        return BarlowLearner(backbone, head, off_diagonal)

    return Method(
        "redundancy reduction",
        "Zbontar et al. 2021, https://arxiv.org/abs/2103.03230",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
        residual="zero",  # https://github.com/facebookresearch/barlowtwins, main.py: zero_init_residual
    )
