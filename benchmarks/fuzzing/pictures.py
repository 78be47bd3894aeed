"""Picture files and masks: PNG, JPEG, TIFF and GIF in many modes, damaged, cut off and with odd tags."""

from __future__ import annotations

import io
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.damaging import damaged

NAME = "pictures"

WRITTEN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PNG", "L", {}), ("PNG", "P", {}), ("PNG", "RGBA", {}), ("PNG", "I;16", {}), ("PNG", "1", {}), ("JPEG", "RGB", {}),
    ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("TIFF", "L", {}), ("TIFF", "F", {}), ("TIFF", "I;16", {}),
    ("GIF", "P", {}),
    ("TIFF", "L", {"compression": "tiff_lzw"}), ("TIFF", "RGB", {"compression": "jpeg"}), ("PNG", "LA", {}),
    ("TIFF", "1", {"compression": "group4"}), ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
)  # fmt: skip
"""The formats, modes and options of Pillow that pictures are written with."""


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one picture, and read it as a gray image, as a color image or as a mask."""
    from datamodules.files.images import read_gray, read_rgb
    from datamodules.files.masks import read_mask

    path = folder / "picture"
    content = generator.choice(_whole())
    path.write_bytes(damaged(content, generator, reach=600) if generator.random() < 0.95 else content)
    match generator.randrange(3):
        case 0:
            read_gray(path)
        case 1:
            read_rgb(path)
        case _:
            read_mask(path, generator.choice((None, "above 0", "above half", (1, 2))))


@lru_cache(maxsize=1)
def _whole() -> list[bytes]:
    import numpy as np
    from PIL import Image

    gray = np.linspace(0, 255, 24 * 32).reshape(24, 32)
    encoded = []
    for form, mode, options in WRITTEN:
        buffer = io.BytesIO()
        tags = Image.Exif()
        tags[0x0112], tags[0x010E] = 6, "x"
        image = Image.fromarray(gray.astype(np.uint16)) if mode == "I;16" else Image.fromarray(gray.astype(np.uint8))
        image = image if mode == "I;16" else image.convert(mode)
        image.save(buffer, form, **options, **({} if form == "GIF" else {"exif": tags}))
        encoded.append(buffer.getvalue())
    several = io.BytesIO()
    Image.fromarray(gray.astype(np.uint8)).save(
        several, "TIFF", save_all=True, append_images=[Image.fromarray(gray.astype(np.uint8))]
    )
    return [*encoded, several.getvalue()]
