"""NIfTI volumes, packed or not: with odd header fields, and damaged before or after they are packed."""

from __future__ import annotations

import gzip
import io
import random
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.damaging import damaged
from benchmarks.fuzzing.volumes import affine, look, values

NAME = "nifti"

ODD: dict[str, tuple[Any, ...]] = {
    "dim": ([3, 7, 6, 5, 1, 1, 1, 1], [4, 7, 6, 5, 2, 1, 1, 1], [0] * 8, [3, 32767, 32767, 32767, 1, 1, 1, 1],
            [3, -7, 6, 5, 1, 1, 1, 1], [99, 7, 6, 5, 1, 1, 1, 1], [2, 7, 6, 0, 0, 0, 0, 0], [3, 1, 1, 1, 1, 1, 1, 1]),
    "datatype": (2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304, 1, 0, -1, 32767),
    "bitpix": (8, 16, 32, 64, 0, -8, 1),
    "vox_offset": (352.0, 0.0, -1.0, 1e9, 353.5, float("nan"), float("inf")),
    "scl_slope": (1.0, 0.0, -2.0, 1e30, float("nan"), float("inf")),
    "scl_inter": (0.0, 5.0, 1e30, float("nan"), float("-inf")),
    "sform_code": (0, 1, 99, -1), "qform_code": (0, 1, 99, -1), "xyzt_units": (0, 1, 2, 3, 7, 255),
    "quatern_b": (0.0, 1.0, 3.0, float("nan")), "quatern_c": (0.0, 0.7, 1e30), "quatern_d": (0.0, 0.5, float("inf")),
    "pixdim": ([1.0] * 8, [0.0] * 8, [-1, -1, 2, 3, 0, 0, 0, 0], [float("nan")] * 8, [1, 1e30, 1e-30, 1, 0, 0, 0, 0]),
    "srow_x": ([1, 0, 0, 0], [0, 0, 0, 0], [float("nan")] * 4, [1e30, 0, 0, 1e30]), "srow_y": ([1, 0, 0, 0], [0] * 4),
    "srow_z": ([0, 0, 1, 0], [1e-9, 0, 1e-9, 5]), "magic": (b"n+1", b"ni1", b"n+2", b"\0"),
    "sizeof_hdr": (348, 540, 0, 1543569408), "cal_max": (float("nan"),), "intent_code": (1007, -1),
}  # fmt: skip
"""Fields of the header with values, likely and unlikely ones; both versions of the format have most of them."""


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one file, and read it."""
    packed = generator.random() < 0.5
    content = _made(generator)
    if generator.random() < 0.5:
        content = damaged(content, generator, reach=600)
    if packed:
        content = gzip.compress(content, generator.choice((1, 6)), mtime=0)
        if generator.random() < 0.4:
            content = damaged(content, generator, reach=60)
        content += generator.choice((b"", b"", b"", b"\0" * 9, b"\x1f\x8b", content))
    path = folder / generator.choice(("v.nii.gz", "v.nii", "V.NII.GZ") if packed else ("v.nii", "v.nii", "v.nii.gz"))
    path.write_bytes(content)
    look(generator, path)


def _made(generator: random.Random) -> bytes:
    """The bytes of a file, some of whose header fields have odd values."""
    import nibabel
    import numpy as np

    kind = generator.choice((nibabel.Nifti1Image, nibabel.Nifti1Image, nibabel.Nifti2Image))
    image = kind(values(generator), affine(generator))
    image.set_qform(image.affine, code=1)
    content = image.to_bytes()
    size = 540 if kind is nibabel.Nifti2Image else 348
    header = type(image.header)(content[:size], check=False)
    for name in generator.sample(list(ODD), generator.randrange(4)):
        with np.errstate(all="ignore"):
            try:
                header[name] = generator.choice(ODD[name])
            except (OverflowError, ValueError):  # a number that the field cannot hold
                continue
    if generator.random() < 0.1:
        header = header.as_byteswapped()
    buffer = io.BytesIO()
    buffer.write(header.binaryblock)
    return buffer.getvalue() + bytes(content[size:])
