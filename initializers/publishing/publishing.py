"""The common part of initializers of published checkpoints: find the file, convert it once, load it strictly."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from initializers.loading.contract import Initializer, Weights, WeightsOf
from initializers.publishing.store import PublishedFile, WeightStore
from specs.errors import WeightsError
from specs.quoting import names

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from backbones.networks.contract import Backbone
    from initializers.formats.checkpoints import Container


class Naming(NamedTuple):
    """The naming of a backbone's tensors in a published file.

    Attributes:
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: what the backbone's tensor names begin with; None finds the usual prefixes.
        drop: beginnings of names of tensors that do not belong to the backbone, given without the prefix where a name
            has it.
        respelled: whether the file may spell the network's names otherwise, as ``initializers.formats.spellings`` knows
            them.
    """

    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()
    respelled: bool = False


class StoredWeights(Initializer):
    """Weights whose published file is kept in the weight store."""

    @property
    @abstractmethod
    def file(self) -> PublishedFile:
        """The published file."""

    def identity(self) -> dict[str, Any]:
        """The hash of the published file's bytes.

        Raises:
            WeightsError: if the file is not in the weight store.
        """
        return {"sha256": WeightStore.current().sha256(self.file)}


@dataclass(frozen=True)
class Published(StoredWeights):
    """Weights of a known architecture that somebody else trained and published as a torch file.

    Attributes:
        naming: how the files name their tensors.
    """

    naming: ClassVar[Naming] = Naming()

    @property
    def program(self) -> Literal["torch", "TensorFlow", "pickle"]:
        """The program that wrote the file."""
        return "torch"

    @property
    def architecture(self) -> str:
        """The expression of the backbone that the weights are of."""
        return "resnet50"

    def made_for(self) -> str:
        """The expression of the backbone that the weights are of."""
        return self.architecture

    def convert(self, path: Path) -> Weights:
        """The file's tensors under the architecture's names, checked.

        Raises:
            WeightsError: if tensors are missing, unexpected or not finite; it names them.
        """
        from initializers.formats.checkpoints import read_container

        return self.checked(self.named(read_container(path)))

    def named(self, container: Container) -> Weights:
        """The tensors of a torch checkpoint under the architecture's names, where there is one for them.

        Raises:
            WeightsError: if the file lacks the entry or the prefix that the publishers use.
        """
        from initializers.formats.checkpoints import tensors_in
        from initializers.formats.spellings import SPELLINGS, check_prefix, spelled, without_heads

        naming = self.layout(container)
        tensors, where = tensors_in(container, naming.key)
        check_prefix(tensors, naming.prefix)  # before the network is built, which takes longer
        wanted = self.wanted()
        renamed = spelled(tensors, wanted, naming.prefix, SPELLINGS if naming.respelled else SPELLINGS[:1])
        tensors, transformed = self.arranged(renamed.tensors)
        tensors, dropped = without_heads(tensors, wanted, naming.drop)
        return Weights(tensors, transformed, dropped, source=f"{self.file.name} ({where}{renamed.words})")

    def layout(self, container: Container) -> Naming:
        """How a file names its tensors: as ``naming`` says, unless publishers have several layouts."""
        return self.naming

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors renamed to the architecture's names, and by name what was done to those that changed."""
        return tensors, {}

    def wanted(self) -> dict[str, Tensor]:
        """The architecture's tensors by name, without values."""
        tensors: dict[str, Tensor] = self.network().state_dict()
        return tensors

    def network(self) -> nn.Module:
        """The architecture's network without values, which must not be changed."""
        from backbones.networks.skeletons import skeleton

        return skeleton(self.architecture).network

    def checked(self, weights: Weights) -> Weights:
        """The weights, after a check that names are the architecture's and values finite.

        Shapes are checked when a backbone is loaded.

        Raises:
            WeightsError: if tensors are missing, unexpected or not finite; it names them, and nothing is stored.
        """
        from initializers.loading.loading import SHOWN, finite

        wanted = self.wanted()
        faults = self.name_faults(weights) | {
            "not finite": [name for name, tensor in weights.tensors.items() if not finite(tensor)],
        }
        fault_words = [f"{len(listed)} {fault}: {names(listed, SHOWN)}" for fault, listed in faults.items() if listed]
        if fault_words:
            raise WeightsError(
                f"{weights.source} does not hold what {self} publishes, and nothing was stored: "
                f"{'; '.join(fault_words)}. Expected the {len(wanted)} tensors of {self.architecture}. Compare it with "
                f"what {self.file.page} offers, or use file(...) for a file of your own."
            )
        return weights

    def name_faults(self, weights: Weights) -> dict[str, list[str]]:
        """The architecture's names that are missing, and the names that are not the architecture's."""
        from initializers.loading.loading import COUNTER

        wanted = self.wanted()
        return {
            "missing": [name for name in wanted if name not in weights.tensors and not name.endswith(COUNTER)],
            "unexpected": [name for name in weights.tensors if name not in wanted],
        }

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The converted tensors, adapted to the backbone's input channels and sizes."""
        from initializers.loading.inputs import for_inputs

        return for_inputs(WeightStore.current().converted(self.file, self.convert), backbone)
