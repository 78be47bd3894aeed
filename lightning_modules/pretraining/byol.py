"""BYOL: predicting a slow copy's embedding of another view (Grill et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import byol_views, large_batches, phantom
from specs.recipe_parts import Cosine, Lars
from specs.sources import published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Grill et al. 2020, section 3.3 and appendix B (table 6), and https://github.com/google-deepmind/deepmind-research
# (byol/configs/byol.py): 0.2 times batch / 256, two views that differ.
PUBLISHED = large_batches(
    "byol",
    epochs=1000,
    batch_size=4096,
    optimizer=Lars(3.2, weight_decay=1.5e-6),
    schedule=Cosine(10),
    views=byol_views(),
)
PHANTOM = phantom("byol(dimensions=64, hidden=128, momentum=0.97)", learning_rate=4e-3)

CODE = "https://github.com/google-deepmind/deepmind-research, byol"
SOURCES = together(
    shared.EVERYWHERE,
    shared.NORMALIZED,
    shared.PRECISE,
    shared.byol_views("Grill et al. 2020, appendix B, table 6"),
    published(
        {
            "image_size": 224,
            "batch_size": 4096,
            "epochs": 1000,
            "optimizer": shared.lars(0.2 * 16, 1.5e-6),
            "schedule": shared.cosine(10),
        },
        f"{CODE}/configs/byol.py, 1000 epochs: a rate of 0.2 times batch / 256",
    ),
    published(
        {"method": {"name": "byol", "dimensions": 256, "hidden": 4096, "momentum": 0.996}},
        f"{CODE}/configs/byol.py",
    ),
    published({"method.residual": "one"}, f"{CODE}/README.md: the paper's results are of scales that start at 1"),
)


def byol(dimensions: int = 256, hidden: int = 4096, momentum: float = 0.996) -> Method:
    """BYOL with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 3.2).
        hidden: the number of features of the heads' hidden layers (section 3.2).
        momentum: the share of the target network's old weights that an update keeps at the start (section 3.2).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.byol import ByolLearner

        return ByolLearner(backbone, dimensions, hidden, momentum)

    return Method(
        "instance discrimination",
        "Grill et al. 2020, https://arxiv.org/abs/2006.07733",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        version=2,  # heads' last layers without bias; the momentum begins a step later
    )
