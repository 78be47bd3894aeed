"""Freeze: the stages of the backbone up to a named one stay as they are, and the later ones are trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError, unknown

if TYPE_CHECKING:
    from torch import nn

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Freeze(Adaptation):
    """Keep the first stages of the backbone, running statistics included, and train the rest.

    Attributes:
        through: the name of the last stage that stays as it is, such as ``layer2`` of a ResNet. A backbone's stages are
            what ``medtransfer list backbones`` and docs/glossary.md call so; a wrong name is answered with all of them.
    """

    through: str

    def fits(self, backbone: Backbone) -> None:
        """Check the name of the stage.

        Raises:
            UsageError: if the backbone has no such stage, or none behind it.
        """
        self._frozen(backbone)

    def trains(self, backbone: Backbone, name: str) -> bool:
        """Whether the parameter belongs to a stage behind the last one that stays as it is."""
        return backbone.stage_of(name) not in self._frozen(backbone)

    def resting(self, backbone: Backbone) -> Iterable[nn.Module]:
        """The modules that hold tensors of the stages that stay as they are."""
        frozen = self._frozen(backbone)
        for name, module in backbone.network.named_modules():
            held = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            if name and any(backbone.stage_of(f"{name}.{tensor}") in frozen for tensor, _ in held):
                yield module

    def _frozen(self, backbone: Backbone) -> list[str]:
        """The names of the stages that stay as they are.

        Raises:
            UsageError: if the backbone has no such stage, or none behind it.
        """
        names = [stage.name for stage in backbone.stages]
        if self.through not in names:
            raise unknown("stage of this network:", self.through, names)
        if self.through == names[-1]:
            raise UsageError(
                f'freeze("{self.through}"): {self.through} is the last stage of this network, so nothing of it would '
                f"be trained. Name an earlier one ({', '.join(names[:-1])}), or use head."
            )
        return names[: names.index(self.through) + 1]
