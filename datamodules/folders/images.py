"""Images as tables name them: from a cell to the id of an image and the path of its file."""

from __future__ import annotations

from pathlib import Path

from datamodules.files.names import Names
from datamodules.folders.channels import Channels
from datamodules.labels.label_files import inside
from specs.errors import DataError


def image_of(cell: str, channels: Channels, files: Names, table: Path, line: int) -> tuple[str, str]:
    """The id of a row's image, and the path of the file under the folder that stands for it.

    Args:
        cell: the text of the cell that names the image.
        channels: the rule by which several files are the channels of one image.
        files: the files of the folder.
        table: the path of the table, for messages.
        line: the number of the row's line, for messages.

    Raises:
        DataError: if the cell is empty, or names a file outside of the folder or another channel than the first.
    """
    try:
        found = channels.find(cell.replace("\\", "/").removeprefix("./"), files) if cell else None
    except DataError as error:
        raise DataError(f"{table}, line {line}: {error}") from error
    absolute = cell.startswith(("/", "\\")) or cell[1:2] == ":"
    name = found if found and absolute else inside(cell, table, line)
    return name, found or name
