"""The contract of adaptations: which tensors of a backbone are trained, at which rates, and what is done around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backbones.networks.contract import Backbone
    from specs.task import Kind


class Adaptation:
    """How a network that has an initializer's weights learns a task; this class trains all of it at the recipe's rate.

    An entry is a frozen dataclass that changes some of this. The head or decoder is always trained, at the recipe's
    rate. Names of tensors are those of ``backbone.network``.

    Attributes:
        version: a number that is raised on purpose when the same adaptation gives other numbers than before.
        keeps_start: whether ``end`` needs the backbone's weights from before the training.
        solved: whether the head is computed from features instead of being trained
            (``lightning_modules.adapting.solved``).
    """

    version: ClassVar[int] = 1
    keeps_start: ClassVar[bool] = False
    solved: ClassVar[bool] = False

    @property
    def averaged(self) -> int:
        """The number of fully fine-tuned networks whose mean this is, instead of training; 0: it trains its own."""
        return 0

    def check(self, kind: Kind) -> None:
        """Refuse a kind of task that the adaptation is not for.

        Raises:
            UsageError: if the head is solved from one feature vector per image, and the task is about pixels.
        """
        if self.solved and kind == "segmentation":
            raise UsageError(
                f"{type(self).__name__.lower()} finds one answer for each image from its pooled features, and this "
                "task has masks. Use head, which trains the decoder alone, or another adaptation."
            )

    def fits(self, backbone: Backbone) -> None:
        """Refuse a backbone that the adaptation does not fit, by its names and shapes alone; nothing is changed.

        Raises:
            UsageError: says why, and what fits.
        """

    def begin(self, backbone: Backbone) -> None:
        """Change a backbone that fits before it is trained, in place; its output must stay as it is."""

    def trains(self, backbone: Backbone, name: str) -> bool:
        """Whether a parameter of the backbone is trained."""
        return True

    def rate(self, backbone: Backbone, name: str) -> float:
        """The factor in (0, 1] by which the recipe's learning rate is multiplied for a trained parameter."""
        return 1.0

    def resting(self, backbone: Backbone) -> Iterable[nn.Module]:
        """The modules of the backbone that stay in evaluation mode, so that running statistics stay as they are."""
        return ()

    def end(self, backbone: Backbone, start: Mapping[str, Tensor]) -> None:
        """Finish the trained backbone, in place, after which its tensors have their canonical names.

        Args:
            backbone: the backbone with the weights of the best epoch.
            start: the backbone's weights from before the training; empty unless ``keeps_start``.
        """
