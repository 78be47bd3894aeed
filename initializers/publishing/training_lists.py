"""Lists of the images that weights were trained on, by name: published with the weights, or a user's own."""

from __future__ import annotations

from pathlib import Path

from initializers.loading.contract import Initializer
from initializers.publishing.publishing import StoredWeights
from initializers.publishing.store import PublishedFile

RAD_DINO = "https://huggingface.co/microsoft/rad-dino"

PUBLISHED = {
    RAD_DINO: PublishedFile(
        name="rad-dino--training_images.csv",
        page=RAD_DINO,
        url=f"{RAD_DINO}/resolve/36e478813b5dde134f761d1af764a9df59dfb7d1/training_images.csv",
    ),
}
"""The lists that are published, by the page of the weights. Weights of several files have one page and one list."""


def training_list(initializer: Initializer) -> PublishedFile | Path | None:
    """The list of the images that weights were trained on: a published file, or one of the user's own.

    None: the weights have none that is known here, or are made here or of others, which may have theirs.

    Args:
        initializer: the initializer itself, without those that it is made of.
    """
    own: str | None = getattr(initializer, "training_images", None)
    if own is not None:
        return Path(own).expanduser()
    return PUBLISHED.get(initializer.file.page) if isinstance(initializer, StoredWeights) else None
