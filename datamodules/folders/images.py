"""Images as tables name them: from a cell to the id of an image and the path of its file."""

from __future__ import annotations

from pathlib import Path

from datamodules.files.names import Names
from datamodules.labels.label_files import inside


def image_of(cell: str, files: Names, table: Path, line: int) -> tuple[str, str]:
    """The id of a row's image, and the path of its file under the folder.

    Args:
        cell: the text of the cell that names the image.
        files: the files of the folder.
        table: the path of the table, for messages.
        line: the number of the row's line, for messages.

    Raises:
        DataError: if the cell is empty or names a file outside of the folder.
    """
    found = files.find(cell.replace("\\", "/").removeprefix("./")) if cell else None
    absolute = cell.startswith(("/", "\\")) or cell[1:2] == ":"
    name = found if found and absolute else inside(cell, table, line)
    return name, found or name
