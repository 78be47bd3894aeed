"""New images of which each channel is a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.files.listing import image_files_in
from datamodules.folders.channels import Channels
from datamodules.unseen.contract import Unseen

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class ChannelFiles(Unseen):
    """Images whose channels are files, told by the ends of their names.

    Attributes:
        channels: the ends of the names that tell which channel a file is.
    """

    channels: Channels

    def found(self, folder: Path) -> list[str]:
        """The files of the first channel, which stand for the images; files that are no channel are left out."""
        sources = (path.relative_to(folder).as_posix() for path in image_files_in(folder))
        return self.channels.images(sources, strict=False)

    def read(self, folder: Path, name: str) -> Pixels:
        """The image (H, W, C), or (H, W) of one channel."""
        return self.channels.read(folder, name, len(self.channels.suffixes))

    def unlike(self, folder: Path, name: str) -> str | None:
        """Nothing: each file is read in shades of gray, as those of the dataset are."""
        return None
