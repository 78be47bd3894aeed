"""Folders of DICOM series: files with odd places and sizes, damaged, missing or doubled ones."""

from __future__ import annotations

import io
import random
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.damaging import damaged
from benchmarks.fuzzing.volumes import look

NAME = "dicom_series"

COUNT = 4
"""How many files a series has."""

ODD: dict[str, tuple[Any, ...]] = {
    "ImagePositionPatient": ([0, 0, 5], [1e30, 0, 0], ["nan", "0", "0"], [1], [0, 0, 0, 0], ["a", "b", "c"], None),
    "ImageOrientationPatient": ([1, 0, 0, 0, 1, 0], [0] * 6, [1, 0, 0, 1, 0, 0], ["nan"] * 6, [1, 0], None),
    "PixelSpacing": ([0.8, 0.8], [0, 0], [-1, 1], ["inf", "1"], [1], [1e30, 1e-30], None),
    "SliceThickness": (2.5, 0, -1, "nan", None, "x"), "SpacingBetweenSlices": (2.5, 0, -9, [1, 2]),
    "Rows": (6, 0, 1, 65535, None), "Columns": (7, 0, 1, 65535, None),
    "SeriesInstanceUID": ("1.2.3", "", "x" * 70, None),
    "RescaleSlope": (1, 0, -1, 1e300, "nan", [1, 2]), "RescaleIntercept": (-1024, 1e300, "inf", None),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR", "\x1b[31m"),
    "NumberOfFrames": (1, 2, 2**31 - 1),
    "BitsStored": (16, 12, 8, 0, 99), "PixelPaddingValue": (0, -1024, 99999), "PixelRepresentation": (0, 1, 7),
}  # fmt: skip
"""Elements with values, likely and unlikely ones; None: the element is missing."""


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one series, and read it as a volume."""
    series = folder / "series"
    series.mkdir()
    names, chosen = [f"{number}.dcm" for number in range(COUNT)], generator.choice(_whole())
    odd = {generator.choice(names) for _ in range(generator.choice((0, 1, 1, 2, COUNT)))}
    elements = {name: generator.choice(ODD[name]) for name in generator.sample(list(ODD), generator.randrange(3))}
    for name, content in zip(names, chosen, strict=True):
        changed = _changed(content, elements) if name in odd and elements else content
        if name in odd and generator.random() < 0.5:
            changed = damaged(changed, generator)
        (series / name).write_bytes(changed)
    match generator.randrange(8):
        case 0:
            (series / generator.choice(names)).unlink()
        case 1:
            (series / "9.dcm").write_bytes(generator.choice(chosen))
        case 2:
            (series / "x.dcm").write_bytes(generator.choice((b"", b"DICM", bytes(132), b"\0" * 128 + b"DICM")))
        case 3:
            (series / "inner.dcm").mkdir()
    look(generator, series)


def _changed(content: bytes, elements: dict[str, Any]) -> bytes:
    """A file with other elements; as it is where pydicom refuses to write them."""
    import warnings

    import pydicom

    warnings.simplefilter("ignore")
    dataset = pydicom.dcmread(io.BytesIO(content))
    try:
        for name, value in elements.items():
            if value is None and name in dataset:
                delattr(dataset, name)
            elif value is not None:
                setattr(dataset, name, value)
        buffer = io.BytesIO()
        dataset.save_as(buffer)
    except Exception:  # of many types
        return content
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _whole() -> list[list[bytes]]:
    """The files of undamaged series, plain, packed and with an oblique grid."""
    import numpy as np
    import pydicom
    from pydicom.uid import RLELossless

    from datamodules.slicing.drawing import write_series

    drawn = np.random.default_rng(0).normal(0, 100, (7, 6, COUNT)).astype(np.int16)
    turned = np.eye(4)
    turned[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    found = []
    with tempfile.TemporaryDirectory() as name:
        for number, grid in enumerate((np.diag([0.8, 0.8, 2.5, 1.0]), turned)):
            write_series(Path(name) / str(number), drawn, grid)
            found.append([path.read_bytes() for path in sorted((Path(name) / str(number)).iterdir())])
    packed = []
    for content in found[0]:
        dataset, buffer = pydicom.dcmread(io.BytesIO(content)), io.BytesIO()
        dataset.compress(RLELossless)
        dataset.save_as(buffer)
        packed.append(buffer.getvalue())
    return [*found, packed]
