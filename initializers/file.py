"""File: a checkpoint from outside, safetensors or a torch file, such as file("weights.pth")."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from initializers.formats.embedded_card import card_in
from initializers.formats.files import existing, sha256_of
from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card
from specs.titles import Words

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class File(Initializer):
    """The weights in a file, loaded whole or refused.

    Attributes:
        path: the path of the file. It does not enter a run's key; the sha256 of the file's bytes does.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: what the backbone's tensor names begin with in the file; None finds the usual prefixes.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone, such as
            ``("projector.",)``.
        trained_on: the datasets that the weights were trained on, by registry name where there is one, so that a test
            set among them is noticed.
    """

    path: str
    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()

    title: ClassVar[str] = "{path:file}"
    words: ClassVar[Words] = {"trained_on": "trained on {trained_on:datasets}"}
    private: ClassVar[frozenset[str]] = frozenset({"path"})

    def card(self) -> Card:
        """The card in the file if `medtransfer pretrain` wrote it, with its hash and the user's statements."""
        own = card_in(existing(self.path)) or Card(method="file")
        seen = tuple(dict.fromkeys((*own.training_data, *self.trained_on)))
        return dataclasses.replace(own, sha256=sha256_of(self.path), training_data=seen)

    def identity(self) -> dict[str, Any]:
        """The hash of the file's bytes, and the arguments that say which of its tensors are meant.

        ``drop`` is not among them: it never changes which tensors are loaded, only whether strict loading refuses the
        file. Nor does ``trained_on``.
        """
        return {"sha256": sha256_of(self.path), "key": self.key, "prefix": self.prefix}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The file's tensors under the backbone's names, without heads."""
        from initializers.formats.checkpoints import read_container
        from initializers.loading.external_checkpoint import weights_in

        container = read_container(self.path)
        return weights_in(container, backbone, self.key, self.prefix, self.drop, sha256_of(self.path))
