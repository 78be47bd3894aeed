"""What the initializers of published checkpoints share: find the file, convert it once, load it strictly."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from initializers.loading.contract import Initializer, Weights, WeightsOf
from initializers.publishing.store import PublishedFile, WeightStore
from specs.errors import WeightsError
from specs.registry import BACKBONES

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from backbones.networks.contract import Backbone
    from initializers.formats.checkpoints import Container


class Naming(NamedTuple):
    """How a published file names a backbone's tensors.

    Attributes:
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names; None finds the usual ones.
        drop: beginnings of names of tensors that do not belong to the backbone; those without the prefix in full.
    """

    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()


class Placed(Initializer):
    """Weights whose published file is in the weight store."""

    @property
    @abstractmethod
    def file(self) -> PublishedFile:
        """The published file."""

    def identity(self) -> dict[str, Any]:
        """The hash of the published file's bytes.

        Raises:
            WeightsError: if it is not in the weight store.
        """
        return {"sha256": WeightStore.current().sha256(self.file)}


@dataclass(frozen=True)
class Published(Placed):
    """Weights of a known architecture that somebody else trained and published as a torch file.

    Attributes:
        naming: how its tensors are named.
    """

    naming: ClassVar[Naming] = Naming()

    @property
    def program(self) -> Literal["torch", "TensorFlow", "pickle"]:
        """What wrote the file."""
        return "torch"

    @property
    def architecture(self) -> str:
        """Expression of the backbone that they are of."""
        return "resnet50"

    def convert(self, path: Path) -> Weights:
        """The file's tensors under the architecture's names.

        Raises:
            WeightsError: names what is missing, unexpected or not finite.
        """
        from initializers.formats.checkpoints import read_container

        return self.checked(self.named(read_container(path)))

    def named(self, container: Container) -> Weights:
        """The tensors of a torch checkpoint under the architecture's names, as far as they have any.

        Raises:
            WeightsError: if it lacks the entry or the prefix that the publishers use.
        """
        from initializers.formats.checkpoints import tensors_in, without_heads, without_prefix

        wanted = self.wanted()
        tensors, place = tensors_in(container, self.naming.key)
        tensors, prefix = without_prefix(tensors, wanted, self.naming.prefix)
        tensors, transformed = self.arranged(tensors)
        tensors, dropped = without_heads(tensors, wanted, self.naming.drop)
        place += f", prefix {prefix!r}" if prefix else ""
        return Weights(tensors, transformed, dropped, source=f"{self.file.name} ({place})")

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under the architecture's names where the file has others, and what was done to which."""
        return tensors, {}

    def wanted(self) -> dict[str, Tensor]:
        """The architecture's tensors, without values."""
        tensors: dict[str, Tensor] = self.network().state_dict()
        return tensors

    def network(self) -> nn.Module:
        """The architecture without values, which must not be changed."""
        return _without_values(self.architecture)

    def checked(self, weights: Weights) -> Weights:
        """Weights whose names are the architecture's, all finite; shapes are checked when a backbone is loaded.

        Raises:
            WeightsError: names what is missing, unexpected or not finite; nothing has been stored.
        """
        from initializers.loading.loading import SHOWN

        wanted = self.wanted()
        faults = self.name_faults(weights) | {
            "not finite": [name for name, tensor in weights.tensors.items() if not bool(tensor.isfinite().all())],
        }
        found = [f"{len(names)} {what}: {', '.join(names[:SHOWN])}" for what, names in faults.items() if names]
        if found:
            raise WeightsError(
                f"{weights.source} does not hold what {self} publishes, and nothing was stored: {'; '.join(found)}. "
                f"Expected the {len(wanted)} tensors of {self.architecture}. Fetch it again from {self.file.page}, or "
                "use file(...) for a file of your own."
            )
        return weights

    def name_faults(self, weights: Weights) -> dict[str, list[str]]:
        """The architecture's names that are missing, and others that are there."""
        from initializers.loading.loading import COUNTER

        wanted = self.wanted()
        return {
            "missing": [name for name in wanted if name not in weights.tensors and not name.endswith(COUNTER)],
            "unexpected": [name for name in weights.tensors if name not in wanted],
        }

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The converted tensors, brought to the backbone's input channels and sizes."""
        from initializers.loading.inputs import for_inputs

        return for_inputs(WeightStore.current().converted(self.file, self.convert), backbone)


@lru_cache(maxsize=8)
def _without_values(architecture: str) -> nn.Module:
    import torch

    with torch.device("meta"):
        network: nn.Module = BACKBONES.build(architecture).network
    return network
