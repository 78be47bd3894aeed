"""DICOM inputs: images with odd elements, and files with damaged bytes in several transfer syntaxes."""

from __future__ import annotations

import io
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.damaging import damaged

NAME = "dicom"

SYNTAXES = ("ExplicitVRLittleEndian", "ImplicitVRLittleEndian", "ExplicitVRBigEndian", "DeflatedExplicitVRLittleEndian")

ODD: dict[str, tuple[Any, ...]] = {
    "WindowCenter": (100, [100, 3], -1e30, 0), "WindowWidth": (20, [20, 4], 0, -5, 1e30),
    "NumberOfFrames": (1, 3, 2**31 - 1), "Rows": (24, 1, 0, 65535), "Columns": (32, 0, 65535),
    "RescaleSlope": (2, 0, -1, 1e300), "RescaleIntercept": (-1024, 1e300),
    "BitsAllocated": (8, 16, 1, 12, 64, 0), "BitsStored": (8, 12, 0, 16, 99), "HighBit": (7, 15, 99),
    "PixelRepresentation": (0, 1, 7), "SamplesPerPixel": (1, 3, 0, 4), "PlanarConfiguration": (0, 1, 9),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR", "YBR_FULL", "\x1b[31m", "YBR_FULL_422"),
    "PixelPaddingValue": (0, 255, 65535), "PixelPaddingRangeLimit": (3, 255), "PresentationLUTShape": ("INVERSE", "X"),
    "VOILUTFunction": ("SIGMOID", "LINEAR_EXACT", "\x07odd"), "ImagePositionPatient": ([0, 0, 5], [1], ["a", "b", "c"]),
}  # fmt: skip
"""Elements with values, likely and unlikely ones."""


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one file, and read its picture, its size or its position."""
    from datamodules.files.dicom import position, read_dicom, shape

    path = folder / "image.dcm"
    content = _made(generator)
    path.write_bytes(damaged(content, generator) if generator.random() < 0.7 else content)
    match generator.randrange(6):
        case 0:
            position(path)
        case 1:
            shape(path)
        case _:
            window = generator.choice((None, None, (40.0, 400.0), (0.0, 1.0)))
            read_dicom(path, window, generator.choice((1, 3)))


def _made(generator: random.Random) -> bytes:
    import copy
    import warnings

    import pydicom
    from pydicom import uid

    warnings.simplefilter("ignore")
    dataset = copy.deepcopy(generator.choice(_whole()))
    try:
        for name in generator.sample(list(ODD), generator.randrange(5)):
            setattr(dataset, name, generator.choice(ODD[name]))
        if generator.random() < 0.1:
            item = pydicom.Dataset()
            item.LUTDescriptor = generator.choice(([256, 0, 16], [0, 0, 8], [2, 2, 99]))
            item.LUTData = bytes(generator.choice((0, 4, 512)))
            setattr(dataset, generator.choice(("VOILUTSequence", "ModalityLUTSequence")), [item])
        dataset.file_meta.TransferSyntaxUID = getattr(uid, generator.choice(SYNTAXES))
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
    except Exception:  # pydicom refuses to write it, so that the plain file is damaged instead
        buffer = io.BytesIO()
        _whole()[0].save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _whole() -> list[Any]:
    """Small undamaged images of 8 and 16 bits, plain and compressed."""
    import tempfile

    import numpy as np
    import pydicom
    from pydicom.uid import RLELossless

    from datamodules.files.dicom import write_dicom

    datasets = []
    gray = np.linspace(0, 255, 24 * 32).reshape(24, 32)
    with tempfile.TemporaryDirectory() as folder:
        for number, kind in enumerate((np.uint8, np.int16)):
            path = Path(folder) / f"{number}.dcm"
            write_dicom(path, gray.astype(kind))
            datasets.append(pydicom.dcmread(path))
            packed = pydicom.dcmread(path)
            packed.compress(RLELossless)
            datasets.append(packed)
    return datasets
