"""SimCLR-v2: SimCLR with a head of three layers (Chen et al. 2020)."""

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

# Chen et al. 2020 (v2), section 3: 0.1 times the root of the batch, 5 % of the epochs as warm-up; LARS of
# https://github.com/google-research/simclr (lars_optimizer.py). The memory of section 2, which gives the paper about
# 1 %, is left out: the authors' code has none.
PUBLISHED = large_batches(
    "simclr_v2",
    epochs=800,
    batch_size=4096,
    optimizer=Lars(6.4, weight_decay=1e-4, classic_momentum=True),
    schedule=Cosine(40),
    augmentation=(RandomResizedCrop(0.08), *DISTORTED),
)
PHANTOM = phantom("simclr_v2(head=(128, 128, 64), temperature=0.2)")

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
            "epochs": 800,
            "optimizer": shared.lars(0.1 * 64, 1e-4, classic=True),
            "schedule": shared.cosine(40),
        },
        "Chen et al. 2020 (v2), section 3: 0.1 times the root of the batch, 5 % of the epochs as warm-up; "
        f"{CODE}, lars_optimizer.py",
    ),
    published(
        {"augmentation": [shared.crop(0.08), *shared.DISTORTED], "views": []},
        f"Chen et al. 2020, appendix A; {CODE}, data_util.py",
    ),
    published(
        {"method.name": "simclr_v2", "method.head": [2048, 2048, 128]},
        "Chen et al. 2020 (v2), section 2: three layers",
    ),
    published({"method.temperature": 0.1}, f"{CODE}, run.py, default of --temperature"),
    published({"method.residual": "zero"}, f"{CODE}, resnet.py: init_zero of a block's last batch norm"),
)

DIFFERENCES = (
    Difference(
        "the memory",
        "a queue of negatives, which gives about 1 % (Chen et al. 2020 (v2), section 2)",
        "left out",
        f"the authors' code has none ({CODE})",
    ),
)


def simclr_v2(head: tuple[int, ...] = (2048, 2048, 128), temperature: float = 0.1) -> Method:
    """SimCLR-v2 with the paper's settings.

    Args:
        head: the number of features of each of the projection head's layers (section 2, three layers).
        temperature: the temperature of the loss (appendix).
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
        sources=SOURCES,
        differences=DIFFERENCES,
        version=2,  # both views in one batch, a scale in the head's last normalization, the sum of both views' losses
        residual="zero",  # https://github.com/google-research/simclr, resnet.py: init_zero of a block's last batch norm
    )
