"""NRRD volumes: whole files with odd, missing, doubled and foreign header fields, and damaged ones."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from benchmarks.fuzzing.volumes import ODD_NUMBERS, SHAPE, affine, look_at, values

NAME = "nrrd"

FOREIGN = (
    "data file: /etc/passwd", "datafile: LIST", "line skip: 999999999", "byte skip: -1", "byte skip: 99999999999",
    "kinds: domain domain domain", "kinds: vector domain domain domain", "centerings: cell cell cell", "old min: nan",
    "space units: mm mm mm", "space units: \"\" x y", "measurement frame: (1,0,0) (0,1,0) (0,0,1)", "labels: x",
    "thicknesses: 1 1 1", "spacings: 1 1 1", "block size: 99999999", "number: 1e30", "key:=value",
    "content: " + "c" * 5000, "a key:=" + "v" * 5000, "data file: a:=b",
    "encoding: ascii", "encoding: hex", "encoding: bzip2", "type: block", "axis mins: 0 0 0", "# a remark", "no colon",
    ": x", "min: inf", "space dimension: 3", "sample units: HU", "space: scanner-xyz", "endian: big", "\0: \0",
)  # fmt: skip
"""Lines that may be put into a header (https://teem.sourceforge.net/nrrd/format.html)."""

TYPES = {"uint8": "unsigned char", "int16": "short", "uint16": "unsigned short", "int32": "int", "float32": "float",
         "float64": "double"}  # fmt: skip


def attempt(generator: random.Random, folder: Path) -> None:
    """Make one file, and read it."""
    look_at(generator, made(generator), folder, ("v.nrrd", "v.nrrd", "v.NRRD", "v.mha"))


def made(generator: random.Random) -> bytes:
    """The bytes of a file whose header is changed in up to three ways."""
    voxels, matrix = values(generator), affine(generator)
    data, packed = voxels.tobytes(order="F"), generator.random() < 0.5
    columns = " ".join("({},{},{})".format(*(f"{number:g}" for number in column)) for column in matrix[:3, :3].T)
    fields = {
        "type": TYPES[voxels.dtype.name], "dimension": "3",
        "space": generator.choice(("left-posterior-superior", "RAS")),
        "sizes": " ".join(map(str, SHAPE)), "space directions": columns, "kinds": "domain domain domain",
        "endian": "little", "encoding": "gzip" if packed else "raw",
        "space origin": "({},{},{})".format(*(f"{number:g}" for number in matrix[:3, 3])),
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in fields.items()]
    for _ in range(generator.randrange(4)):
        if not lines:
            break
        place = generator.randrange(len(lines))
        match generator.randrange(6):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, generator.choice(FOREIGN))
            case 2:
                lines.insert(place, generator.choice(lines))
            case 3:
                count = generator.choice((1, 2, 3, 3, 4, 300))
                name = lines[place].partition(": ")[0]
                lines[place] = f"{name}: {' '.join(generator.choice(ODD_NUMBERS) for _ in range(count))}"
            case 4:
                name, _, value = lines[place].partition(": ")
                parts = value.split(",") if "," in value else value.split() or [""]
                parts[generator.randrange(len(parts))] = generator.choice(ODD_NUMBERS)
                lines[place] = f"{name}: {(',' if ',' in value else ' ').join(parts)}"
            case _:
                generator.shuffle(lines)
    end = generator.choice(("\n", "\n", "\n", "\r\n"))
    first = generator.choice(("NRRD0004", "NRRD0004", "NRRD0005", "NRRD0009", "NRRD", "NRRD00.01"))
    head = end.join([first, *lines, "", ""]).encode("utf-8", "replace")
    return head + (gzip.compress(data, mtime=0) if packed else data)
