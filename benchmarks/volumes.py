"""Preparing volumes as slices against nibabel's own reading of them: volumes per second, and their ratio.

    python -m benchmarks.volumes [--volumes N] [--rounds N]

Drawn volumes of 128 x 128 x 64 voxels with masks, packed by gzip, are prepared in their own size: decoded, windowed,
cut, digested and written. The peer is nibabel, which reads the same images and masks into arrays and does nothing with
them. Both take turns in one process.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.interleaved import rates, ratio
from datamodules.files.nifti import write_nifti
from datamodules.prepared.preparation import prepare
from datamodules.volumes import Volumes
from specs.recipe import Form

SHAPE = (128, 128, 64)
"""How many voxels a volume has."""

TARGET = 0.5
"""The least share of the peer's speed."""


def draw(folder: Path, count: int) -> None:
    """Write volumes of smooth noise, which packs as CT does, with a mask of a ball each."""
    axes = np.meshgrid(*(np.linspace(-1, 1, size) for size in SHAPE), indexing="ij", sparse=True)
    ball = np.asarray(axes[0] ** 2 + axes[1] ** 2 + axes[2] ** 2 < 0.3).astype(np.uint8)
    for number in range(count):
        generator = np.random.default_rng(number)
        values = 40 * ball + generator.normal(0, 12, SHAPE) + 300 * axes[0]
        case = folder / f"case_{number:03d}"
        write_nifti(case / "imaging.nii.gz", values.astype(np.int16), np.diag([0.8, 0.8, 3.0, 1.0]))
        write_nifti(case / "segmentation.nii.gz", ball, np.diag([0.8, 0.8, 3.0, 1.0]))


def read_by_nibabel(folder: Path) -> int:
    """Read all images and masks into arrays; the number of volumes."""
    import nibabel

    images = sorted(folder.glob("*/imaging.nii.gz"))
    for path in images:
        for one in (path, path.with_name("segmentation.nii.gz")):
            np.asarray(nibabel.load(one).dataobj)
    return len(images)


def prepared(folder: Path) -> int:
    """Prepare all volumes; their number."""
    store = Path(tempfile.mkdtemp(dir=folder.parent))
    slices = prepare(Volumes(classes=("ball",)), folder, store, [Form("source")], jobs=1).ids
    return len({name.rpartition(b"/")[0] for name in slices.tolist()})


def measure(volumes: int, rounds: int) -> tuple[dict[str, list[float]], float]:
    """The volumes per second of both in each round, and how many times faster we are, the median over the rounds.

    Args:
        volumes: how many volumes are drawn.
        rounds: how often each is measured.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "volumes"
        draw(folder, volumes)
        speeds = rates({"ours": lambda: prepared(folder), "nibabel": lambda: read_by_nibabel(folder)}, rounds)
    return speeds, ratio(speeds, "ours", "nibabel")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the median speeds of both, and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--volumes", type=int, default=50, help="how many volumes are drawn (default: 50)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    options = parser.parse_args(arguments)
    speeds, found = measure(options.volumes, options.rounds)
    ours, peer = (statistics.median(speeds[name]) for name in ("ours", "nibabel"))
    size = " x ".join(map(str, SHAPE))
    print(f"{options.volumes} volumes of {size} voxels with masks: prepared {ours:.1f} a second, "
          f"read by nibabel {peer:.1f}, ratio {found:.2f} (at least {TARGET}), median of {options.rounds} rounds, "
          f"{platform.machine()}, {os.cpu_count()} cores")  # fmt: skip


if __name__ == "__main__":
    main()
