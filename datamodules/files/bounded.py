"""Files for libraries that ask for as many bytes as the file declares, which may be more than it has."""

from __future__ import annotations

import io
from pathlib import Path


class Bounded(io.BufferedReader):
    """A file that is opened for reading, of which no more bytes are ever asked than it has."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._end = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes, and no more than there are."""
        left = max(self._end - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))
