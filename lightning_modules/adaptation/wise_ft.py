"""WiSE-FT: all is trained, and the backbone is then a mean of its weights before and after (Wortsman et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class WiseFt(Adaptation):
    """Fine-tune all of the network, then interpolate the backbone between its start and its end.

    Each floating-point tensor of the backbone, running statistics included, becomes (1 - share) * start + share * end
    (Wortsman et al. 2022, https://arxiv.org/abs/2109.01903, section 3). The head is that of the end: the start has
    none, where the paper's zero-shot networks have one. The best epoch is picked before.

    Attributes:
        share: the share of the trained weights, in [0, 1]; the paper's default is 0.5.
    """

    share: float = 0.5

    keeps_start: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the share.

        Raises:
            UsageError: if it is not in [0, 1].
        """
        if not 0 <= self.share <= 1:
            raise UsageError(f"wise_ft: the share must be in [0, 1], found {self.share:g}. The paper's default is 0.5.")

    def end(self, backbone: Backbone, start: Mapping[str, Tensor]) -> None:
        """Interpolate every floating-point tensor of the backbone."""
        for name, tensor in backbone.weights().items():
            if tensor.is_floating_point():
                tensor.copy_(start[name].to(tensor.device).lerp(tensor, self.share))
