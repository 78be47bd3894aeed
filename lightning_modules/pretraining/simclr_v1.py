"""SimCLR-v1: two views attract, the others of the batch repel (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DISTORTED, large_batches, phantom
from specs.recipe_parts import Cosine, Lars, RandomResizedCrop
from specs.sources import Difference, ours, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Chen et al. 2020, section 2.2 and appendix B.6: 0.3 times batch / 256, 10 epochs of warm-up; LARS of
# https://github.com/google-research/simclr (lars_optimizer.py). Brightness is multiplied, as in the code's
# ``simclrv2``, where ``simclrv1`` adds to it (data_util.py).
PUBLISHED = large_batches(
    "simclr_v1",
    epochs=1000,
    batch_size=4096,
    optimizer=Lars(4.8, weight_decay=1e-6, classic_momentum=True),
    schedule=Cosine(10),
    augmentation=(RandomResizedCrop(0.08), *DISTORTED),
)
PHANTOM = phantom("simclr_v1(head=(128, 64), temperature=0.2)")

CODE = "https://github.com/google-research/simclr"
SOURCES = together(
    shared.EVERYWHERE,
    shared.PRECISE,
    ours(
        {"normalization": "imagenet"},
        published=f"none: pixels in [0, 1] ({CODE}, data_util.py)",
        because="one normalization for all methods; batch norm behind the first convolution undoes all but its borders",
    ),
    published(
        {
            "image_size": 224,
            "batch_size": 4096,
            "epochs": 1000,
            "optimizer": shared.lars(0.3 * 16, 1e-6, classic=True),
            "schedule": shared.cosine(10),
        },
        f"Chen et al. 2020, section 2.2 and appendix B.6: 0.3 times batch / 256; {CODE}, lars_optimizer.py",
    ),
    published(
        {"augmentation": [shared.crop(0.08), *shared.DISTORTED], "views": []},
        f"Chen et al. 2020, appendix A; {CODE}, data_util.py",
    ),
    published(
        {"method.name": "simclr_v1", "method.head": [2048, 128]},
        "Chen et al. 2020, section 4.2",
    ),
    published({"method.temperature": 0.1}, "Chen et al. 2020, appendix B.9, best for long training"),
    published({"method.residual": "zero"}, f"{CODE}, resnet.py: init_zero of a block's last batch norm"),
)

DIFFERENCES = (
    Difference(
        "the change of brightness",
        f"added in ``simclrv1``, multiplied in ``simclrv2`` ({CODE}, data_util.py)",
        "multiplied",
        "one step for all methods",
    ),
)


def simclr_v1(head: tuple[int, ...] = (2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v1 with the paper's settings.

    Args:
        head: the number of features of each of the projection head's layers (section 4.2).
        temperature: the temperature of the loss (appendix B.9, best for long training).
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
        sources=SOURCES,
        differences=DIFFERENCES,
        version=2,  # both views in one batch, a scale in the head's last normalization, the sum of both views' losses
        residual="zero",  # https://github.com/google-research/simclr, resnet.py: init_zero of a block's last batch norm
    )
