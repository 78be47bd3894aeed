"""Layer decay: every stage learns more slowly than the one behind it, the head at the recipe's learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class LayerDecay(Adaptation):
    """Train all of the network with learning rates that fall from the head to the first stage.

    Stage l of L stages, counted from 0, has the recipe's learning rate times factor ** (L - l); the head or decoder has
    the recipe's. In a plain transformer each block is a stage, the first with the embedding of patches and positions
    and the last with the final norm; elsewhere a stage is what ends in a feature map. Fine-tuning of BEiT (Bao et al.
    2022, https://arxiv.org/abs/2106.08254) and MAE (He et al. 2022) does so by block, where the embedding is a layer of
    its own, one power slower, and the final norm learns as the head does.

    Attributes:
        factor: the share of the next stage's learning rate that a stage has, in (0, 1]; 0.75 is that of MAE's ViT-L
            (https://github.com/facebookresearch/mae, FINETUNE.md), and RETFound takes 0.65.
    """

    factor: float = 0.75

    def __post_init__(self) -> None:
        """Check the factor.

        Raises:
            UsageError: if it is not in (0, 1].
        """
        if not 0 < self.factor <= 1:
            raise UsageError(f"layer_decay: the factor must be in (0, 1], found {self.factor:g}. 0.75 is usual.")

    def rate(self, backbone: Backbone, name: str) -> float:
        """The factor to the power of the number of stages from the parameter's to the head."""
        names = [stage.name for stage in backbone.stages]
        return float(self.factor ** (len(names) - names.index(backbone.stage_of(name))))
