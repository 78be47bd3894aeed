"""Keys of runs of every kind, held fixed: finished runs are found under the same keys after any change of the code.

``keys.json`` has a spec, a number of devices and the key of each. Keys are renewed on purpose only, when runs give
other numbers than before: then a version is raised (of the training, a dataset, a backbone, an initializer or a
method), and a line in CHANGELOG says so.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from datamodules.prepared.preparation import prepare
from experiments.run.resolve import Resolver
from specs.expression import parse
from specs.recipe import Form
from specs.registry import BACKBONES
from specs.run import RunSpec
from tests.experiments.smoke import paths_in

KEYS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("keys.json").read_text(encoding="utf-8"))

TEMPORARY = "{tmp}"
"""Stands in specs for the folder of the files that ``write_pictures`` and ``write_weights`` write."""

SIDE = 8


def png(pixels: bytes) -> bytes:
    """A gray picture as PNG, without compression, so that its bytes are the same everywhere."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + pixels[start : start + SIDE] for start in range(0, len(pixels), SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 0)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def write_pictures(folder: Path) -> None:
    """Forty pictures of forty patients with a table of labels."""
    (folder / "images").mkdir(parents=True)
    lines = ["image,ill,patient"]
    for number in range(40):
        pixels = bytes((7 * number + position) % 256 for position in range(SIDE * SIDE))
        (folder / "images" / f"{number}.png").write_bytes(png(pixels))
        lines.append(f"images/{number}.png,{number % 2},p{number}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def write_weights(file: Path) -> None:
    """Weights that fit the backbone of most specs, each number one half."""
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in BACKBONES.build("tiny(width=4)").weights().items()}
    save_file({name: torch.full(shape, 0.5) for name, shape in shapes.items()}, file)


@pytest.fixture(scope="module")
def key_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any], int], str]:
    """The key of a spec as plain data, and of a number of devices; each dataset is drawn and opened once."""
    folder = tmp_path_factory.mktemp("keys")
    write_pictures(folder / "folder")
    write_weights(folder / "weights.safetensors")
    where = paths_in(folder)
    call = parse(f'folder("{folder}/folder", classes=("ill",), patient="patient")')
    dataset, root = where.open(call, "real")
    prepare(dataset, root, where.prepared(call, "real"), [Form(32)], jobs=1)
    resolvers = {devices: Resolver(where, devices) for devices in {one["devices"] for one in KEYS}}

    def key(plain: dict[str, Any], devices: int) -> str:
        here = json.loads(json.dumps(plain).replace(TEMPORARY, str(folder)))
        return resolvers[devices].resolve(RunSpec.from_json(here)).key

    return key


@pytest.mark.parametrize("fixed", KEYS, ids=lambda fixed: fixed["what"])
def test_the_key_of_a_run_is_what_it_was(fixed: dict[str, Any], key_of: Callable[[dict[str, Any], int], str]) -> None:
    assert key_of(fixed["spec"], fixed["devices"]) == fixed["key"], f"{fixed['what']}: this run has another key now"
