"""A folder of images as a user has them, with the labels and splits that a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

DATASET = 'folder("ward", classes=("nodule",), patient="patient", split="split")'


def draw_folder(root: Path, labels: Mapping[str, Sequence[int]]) -> Path:
    """Write ``labels.csv`` and an image of noise for each label of each split; each is of a patient of its own."""
    (root / "images").mkdir(parents=True)
    rows = ["image,nodule,patient,split"]
    for split, of in labels.items():
        for label in of:
            name = f"images/{len(rows)}.png"
            noise = np.random.default_rng(len(rows)).integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(noise).save(root / name)
            rows.append(f"{name},{label},p{len(rows)},{split}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    return root
