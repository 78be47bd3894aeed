"""MAE: a transformer that sees a quarter of the patches tells the pixels of the others (He et al. 2022)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import as_published, phantom
from specs.recipe_parts import AdamW, Cosine, HorizontalFlip, RandomResizedCrop
from specs.sources import Difference, assumed, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# https://github.com/facebookresearch/mae, PRETRAIN.md and main_pretrain.py: 1.5e-4 times batch / 256; He et al. 2022,
# appendix A.1, table 8.
PUBLISHED = as_published(
    "mae",
    epochs=800,
    batch_size=4096,
    optimizer=AdamW(1.5e-4 * 16, weight_decay=0.05, decayed="weights", beta2=0.95),
    schedule=Cosine(40),
    augmentation=(RandomResizedCrop(0.2), HorizontalFlip()),
)
# It compares one view per image, so it takes more and smaller steps, after a warm-up as transformers need it.
PHANTOM = replace(
    phantom(
        "mae(width=64, depth=2, heads=4)",
        batch_size=32,
        epochs=30,
        augmentation=(RandomResizedCrop(0.5), HorizontalFlip()),
    ),
    schedule=Cosine(4),
)

CODE = "https://github.com/facebookresearch/mae"
SOURCES = together(
    shared.DEVICES | assumed({"batch_norm": "local"}, "of no effect: a transformer has no batch normalization"),
    shared.NORMALIZED,
    shared.HALF,
    published(
        {
            "image_size": 224,
            "batch_size": 4096,
            "epochs": 800,
            "optimizer": {
                "name": "adamw",
                "learning_rate": 1.5e-4 * 16,
                "weight_decay": 0.05,
                "decayed": "weights",
                "beta2": 0.95,
            },
            "schedule": shared.cosine(40),
            "augmentation": [shared.crop(0.2), shared.FLIP],
            "views": [],
        },
        f"{CODE}, PRETRAIN.md and main_pretrain.py: a rate of 1.5e-4 times batch / 256; He et al. 2022, table 8",
    ),
    published(
        {"method": {"name": "mae", "width": 512, "depth": 8, "heads": 16, "masked": 0.75, "normalized": True}},
        f"{CODE}, models_mae.py (dec512d8b) and PRETRAIN.md (--norm_pix_loss, --mask_ratio)",
    ),
    assumed({"method.residual": "one"}, "of no effect: no residual branch of a transformer ends in a normalization"),
)

DIFFERENCES = (
    Difference(
        "position embeddings of the network",
        f"fixed sines and cosines ({CODE}, models_mae.py)",
        "the network's own, which are learned",
        "they are weights of the network, which its initializer draws or loads; those of the decoder are fixed",
    ),
    Difference(
        "random weights of the network",
        f"Glorot's uniform distribution ({CODE}, models_mae.py, initialize_weights)",
        "the network's own, as those of every other row",
        "a method trains a network, and its initializer draws it; the decoder begins as in the code",
    ),
)


def mae(width: int = 512, depth: int = 8, heads: int = 16, masked: float = 0.75, normalized: bool = True) -> Method:
    """MAE with the paper's settings, for plain vision transformers such as ``timm("vit_tiny_patch16_224")``.

    Args:
        width: the length of a token within the decoder, a multiple of 4 and of ``heads`` (section 4.1, table 1b).
        depth: the number of the decoder's blocks (section 4.1, table 1a).
        heads: the number of attention heads of the decoder's blocks (the authors' code, ``decoder_num_heads``).
        masked: the share of the patches that are hidden, in (0, 1) (section 4.1, figure 5).
        normalized: whether each patch's pixels are brought to mean 0 and variance 1 before they are told (table 1d).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.mae import MaeLearner

        return MaeLearner(backbone, width, depth, heads, masked, normalized)

    return Method(
        "masked autoencoding",
        "He et al. 2022, https://arxiv.org/abs/2111.06377",
        learner,
        views=1,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
    )
