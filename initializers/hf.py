"""hf: a file of a Hugging Face repository at one commit, such as hf("owner/name", "model.safetensors", "0123...")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from initializers.loading.contract import Weights, WeightsOf
from initializers.publishing.publishing import StoredWeights
from initializers.publishing.store import PublishedFile, WeightStore
from specs.card import Card
from specs.errors import UsageError
from specs.titles import Words, unsaid

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Hf(StoredWeights):
    """Weights that somebody shares on Hugging Face, for any backbone that they fit.

    Attributes:
        repository: the owner and name of the repository, as OWNER/NAME.
        path: the path of the file in the repository.
        revision: the commit, 40 hexadecimal digits, since a branch moves.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: what the backbone's tensor names begin with in the file; None finds the usual prefixes.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone.
        trained_on: the datasets that the weights were trained on, by registry name where there is one, so that a test
            set among them is noticed.
        licence: the licence of the weights as you have read it, such as ``MIT``; None refers to the page.

    Raises:
        UsageError: if the revision is not a commit, or the repository has not the form owner/name.
    """

    repository: str
    path: str
    revision: str
    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    licence: str | None = None

    title: ClassVar[str] = "{repository}/{path} at {revision:.7}"
    words: ClassVar[Words] = {"trained_on": "trained on {trained_on:datasets}", **unsaid("licence")}

    def __post_init__(self) -> None:
        """Check the forms of the arguments."""
        if not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise UsageError(
                f'hf(...): revision is a commit of 40 hexadecimal digits, found "{self.revision}". The page of the '
                "file shows it; a branch would give other weights on another day."
            )
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository) or ".." in self.path.split("/"):
            raise UsageError(
                f'hf(...): expected "owner/name" and a path in it, found "{self.repository}" and "{self.path}".'
            )

    @property
    def file(self) -> PublishedFile:
        """The file at its commit."""
        page = f"https://huggingface.co/{self.repository}"
        return PublishedFile(
            name="--".join(["hf", *self.repository.split("/"), self.revision[:12], *self.path.split("/")]),
            page=page,
            url=f"{page}/resolve/{self.revision}/{self.path}",
        )

    def card(self) -> Card:
        """The card with the file's address; the user reads its terms, and says them and what it was trained on."""
        return Card(
            method="file",
            source=self.file.url,
            licence=self.licence or f"see {self.file.page}",
            training_data=self.trained_on,
        )

    def identity(self) -> dict[str, Any]:
        """The hash of the file's bytes, and the arguments that say which of its tensors are meant."""
        return super().identity() | {"key": self.key, "prefix": self.prefix}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The file's tensors under the backbone's names, without heads."""
        from initializers.formats.checkpoints import read_container
        from initializers.loading.external_checkpoint import weights_in

        store = WeightStore.current()
        sha256 = store.sha256(self.file)
        return weights_in(read_container(store.path(self.file)), backbone, self.key, self.prefix, self.drop, sha256)
