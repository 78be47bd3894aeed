"""DINO: self-distillation, where small crops predict what a slow teacher makes of large ones (Caron et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DRAWN, byol_steps, phantom, sgd
from specs.recipe_parts import Cosine, RandomResizedCrop, Views
from specs.sources import Difference, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# The authors' command for convolutional networks, https://github.com/facebookresearch/dino (README.md, "ResNet-50 and
# other convnets trainings"): 8 GPUs of 64 images, 0.03 times batch / 256 down to 1e-6, colors as BYOL's.
RATE = 0.03 * 2
PUBLISHED = sgd(
    "dino",
    epochs=100,
    batch_size=512,
    learning_rate=RATE,
    schedule=Cosine(10, final=1e-6 / RATE),
    views=(
        Views(1, 224, byol_steps(1.0, 0.0, smallest=0.14)),
        Views(1, 224, byol_steps(0.1, 0.2, smallest=0.14)),
        Views(8, 96, byol_steps(0.5, 0.0, smallest=0.05, largest=0.14)),
    ),
    decayed="weights",
    batch_norm="sync",
)
PHANTOM = phantom(
    "dino(dimensions=64, hidden=128, outputs=256, momentum=0.9, clip=None)",
    views=(Views(2, 32, DRAWN), Views(2, 16, (RandomResizedCrop(0.1, largest=0.3), *DRAWN[1:]))),
)

CODE = "https://github.com/facebookresearch/dino"
COMMAND = f"{CODE}, README.md (ResNet-50 and other convnets trainings) and main_dino.py"
SOURCES = together(
    shared.EVERYWHERE,
    shared.NORMALIZED,
    shared.HALF,
    published(
        {
            "image_size": 224,
            "batch_size": 512,
            "epochs": 100,
            "optimizer": shared.sgd(0.03 * 2, decayed="weights"),
            "schedule": shared.cosine(10, final=1e-6 / RATE),
            "augmentation": [],
            "views": [
                shared.views(1, 224, *shared.byol_steps(1.0, 0.0, smallest=0.14)),
                shared.views(1, 224, *shared.byol_steps(0.1, 0.2, smallest=0.14)),
                shared.views(8, 96, *shared.byol_steps(0.5, 0.0, smallest=0.05, largest=0.14)),
            ],
        },
        f"{COMMAND}: 8 GPUs of 64 images, a rate of 0.03 times batch / 256",
    ),
    published(
        {
            "method": {
                "name": "dino",
                "dimensions": 256,
                "hidden": 2048,
                "outputs": 65536,
                "momentum": 0.996,
                "temperature": 0.1,
                "first_temperature": 0.04,
                "last_temperature": 0.04,
                "warmup": 0,
                "center_momentum": 0.9,
                "frozen": 1,
                "clip": 3.0,
                "residual": "one",
            }
        },
        f"{COMMAND}: defaults, with a normalized last layer; vision_transformer.py, DINOHead; torchvision's networks",
    ),
)

DIFFERENCES = (
    Difference(
        "which training is meant",
        f"the published weights of a ResNet-50 have arguments in a file of their own ({CODE}, README.md, "
        "Pretrained models)",
        "the command for convolutional networks that README.md has",
        "it is what the repository itself says of convolutional networks",
    ),
    Difference(
        "transformers",
        f"AdamW with a weight decay that rises from 0.04 to 0.4, stochastic depth ({CODE}, main_dino.py, defaults)",
        "the same method; no optimizer here has a weight decay that rises",
        "a method has one published recipe; for a transformer, set optimizer and schedule yourself",
    ),
)


def dino(
    dimensions: int = 256,
    hidden: int = 2048,
    outputs: int = 65536,
    momentum: float = 0.996,
    temperature: float = 0.1,
    first_temperature: float = 0.04,
    last_temperature: float = 0.04,
    warmup: int = 0,
    center_momentum: float = 0.9,
    frozen: int = 1,
    clip: float | None = 3.0,
) -> Method:
    """DINO with the settings of the authors' code.

    Args:
        dimensions: the length of the embeddings (vision_transformer.py, ``bottleneck_dim``).
        hidden: the number of features of the head's two hidden layers (section 3.1, "Network architecture").
        outputs: the number of outputs over which teacher and student have a distribution (``out_dim``).
        momentum: the share of the teacher's old weights that an update keeps at the start (section 3.1).
        temperature: the temperature of the student's scores (section 3.2).
        first_temperature: the temperature of the teacher's scores at the start (section 3.2).
        last_temperature: the temperature of the teacher's scores after the warm-up, 0.07 in the paper's longer
            trainings of transformers (section 3.2).
        warmup: the number of epochs over which the teacher's temperature goes from the first to the last
            (``warmup_teacher_temp_epochs``).
        center_momentum: the share of the old center that an update keeps (main_dino.py, ``DINOLoss``).
        frozen: the number of epochs at the start that leave the last layer unchanged (``freeze_last_layer``).
        clip: the largest norm of the gradient of a tensor (``clip_grad``); None: no limit.
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.dino import DinoLearner

        return DinoLearner(
            backbone, dimensions, hidden, outputs, momentum, temperature, first_temperature, last_temperature, warmup,
            center_momentum, frozen, clip,
        )  # fmt: skip

    return Method(
        "self-distillation",
        "Caron et al. 2021, https://arxiv.org/abs/2104.14294",
        learner,
        more_views=True,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
    )
