"""File: a checkpoint from outside, safetensors or a torch file, such as file("weights.pth")."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from initializers.formats.embedded_card import card_in
from initializers.formats.files import existing, sha256_of
from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card
from specs.licences import BETWEEN, NONE_STATED
from specs.titles import Words, unsaid

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
        training_images: a list of the images that the weights were trained on, a name a line or a table with a column
            of names, so that it is known which test images are among them; None: there is none.
        licence: the licence of the weights as you have read it, such as ``MIT``, which holds beside one that the file
            itself states; None: nothing is added.
    """

    path: str
    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    training_images: str | None = None
    licence: str | None = None

    title: ClassVar[str] = "{path:file}"
    words: ClassVar[Words] = {"trained_on": "trained on {trained_on:datasets}", **unsaid("training_images", "licence")}
    private: ClassVar[frozenset[str]] = frozenset({"path", "training_images"})

    def card(self) -> Card:
        """The card in the file if `medtransfer pretrain` wrote it, with its hash and the user's statements."""
        own = card_in(existing(self.path)) or Card(method="file", licence=NONE_STATED)
        seen = tuple(dict.fromkeys((*own.training_data, *self.trained_on)))
        stated = [one for one in (own.licence, self.licence) if one is not None and one != NONE_STATED]
        licence = BETWEEN.join(dict.fromkeys(stated)) or own.licence
        return dataclasses.replace(own, sha256=sha256_of(self.path), training_data=seen, licence=licence)

    def identity(self) -> dict[str, Any]:
        """The hash of the file's bytes, and the arguments that say which of its tensors are meant.

        ``drop`` is not among them: it never changes which tensors are loaded, only whether strict loading refuses the
        file. Nor do the arguments that say what the weights have seen and under which licence they are.
        """
        return {"sha256": sha256_of(self.path), "key": self.key, "prefix": self.prefix}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The file's tensors under the backbone's names, without heads."""
        from initializers.formats.checkpoints import read_container
        from initializers.loading.external_checkpoint import weights_in

        container = read_container(self.path)
        return weights_in(container, backbone, self.key, self.prefix, self.drop, sha256_of(self.path))
