"""MetaImage volumes: whole files with odd, missing, doubled and foreign header fields, and damaged ones."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import numpy as np

from benchmarks.fuzzing.volumes import ODD_NUMBERS, SHAPE, affine, look_at, values

NAME = "metaimage"

TYPES = {"uint8": "MET_UCHAR", "int16": "MET_SHORT", "uint16": "MET_USHORT", "int32": "MET_INT", "float32": "MET_FLOAT",
         "float64": "MET_DOUBLE"}  # fmt: skip
"""The names of number formats (https://docs.itk.org/en/latest/learn/metaio.html)."""

FOREIGN = (
    "Comment = x", "ElementNumberOfChannels = 3", "HeaderSize = -1", "HeaderSize = 999999999", "ElementSize = 1 1 1",
    "Color = 1 1 1 1", "ElementToIntensityFunctionSlope = 2", "ObjectSubType = X", "Points = ", "NObjects = 3",
    "AnatomicalOrientation = RAI", "Rotation = 1 0 0 0 1 0 0 0 1", "CompressionLevel = 99", "ID = 5",
    "ElementDataFile = LIST", "ElementDataFile = /etc/passwd", "ElementByteOrderMSB = True", "Name = " + "n" * 5000,
    "BinaryData = False", "Modality = MET_MOD_CT", "ElementMin = nan", "no equals sign", "= 3", "\0 = \0",
)  # fmt: skip
"""Lines that may be put into a header."""


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one file, and read it."""
    look_at(generator, made(generator), folder, ("v.mha", "v.mha", "v.MHA", "v.nrrd"))


def made(generator: random.Random) -> bytes:
    """The bytes of a file whose header is changed in up to three ways."""
    voxels, matrix = values(generator), affine(generator)
    data, packed = voxels.tobytes(order="F"), generator.random() < 0.5
    stored = zlib.compress(data) if packed else data
    fields = {
        "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
        "CompressedData": str(packed), **({"CompressedDataSize": str(len(stored))} if packed else {}),
        "TransformMatrix": " ".join(f"{number:g}" for number in np.sign(matrix[:3, :3]).T.ravel()),
        "Offset": " ".join(f"{number:g}" for number in matrix[:3, 3]), "CenterOfRotation": "0 0 0",
        "ElementSpacing": "0.8 0.8 2.5", "DimSize": " ".join(map(str, SHAPE)),
        "ElementType": TYPES[voxels.dtype.name], "ElementDataFile": "LOCAL",
    }  # fmt: skip
    lines = [f"{name} = {value}" for name, value in fields.items()]
    for _ in range(generator.randrange(4)):
        place = generator.randrange(len(lines))
        match generator.randrange(6):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, generator.choice(FOREIGN))
            case 2:
                lines.insert(place, generator.choice(lines))
            case 3:
                name, _, value = lines[place].partition(" = ")
                count = generator.choice((1, len(value.split()), len(value.split()), 2, 4, 300))
                lines[place] = f"{name} = {' '.join(generator.choice(ODD_NUMBERS) for _ in range(count))}"
            case 4:
                name, _, value = lines[place].partition(" = ")
                numbers = value.split() or [""]
                numbers[generator.randrange(len(numbers))] = generator.choice(ODD_NUMBERS)
                lines[place] = f"{name} = {' '.join(numbers)}"
            case _:
                generator.shuffle(lines)
        if not lines:
            break
    end = generator.choice(("\n", "\n", "\n", "\r\n", "\r"))
    return end.join([*lines, ""]).encode("utf-8", "replace") + stored
