"""Writes drawings as pictures (PNG) and as vector graphics (SVG)."""

from __future__ import annotations

import io
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from specs.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

PICTURES: tuple[Literal["png", "svg"], ...] = ("png", "svg")

OF_PATIENTS = "-images"
"""The ending of the name of a picture with real images."""


def caption(drawing: Drawing, *texts: str) -> Drawing:
    """The drawing with texts above it, in lines that fit."""
    fitting = int(drawing.get_figwidth() * 14)  # about 14 characters of this font size fit into an inch
    drawing.suptitle("\n".join(line for text in texts for line in wrap(text, fitting)), fontsize=9)
    return drawing


def write_drawing(drawing: Drawing, name: str, folder: Path) -> list[Path]:
    """Write NAME.png and .svg into a folder; returns their paths."""
    paths = []
    for kind in PICTURES:
        paths.append(folder / f"{name}.{kind}")
        with replacing(paths[-1]) as temporary:
            temporary.write_bytes(drawn(drawing, kind))
    return paths


def remove_drawing(name: str, folder: Path) -> None:
    """Remove the files that ``write_drawing`` wrote; files that are not there are passed over."""
    for kind in PICTURES:
        (folder / f"{name}.{kind}").unlink(missing_ok=True)


def drawn(drawing: Drawing, kind: Literal["png", "svg"]) -> bytes:
    """The content of a drawing's file; the same drawing gives the same bytes."""
    from matplotlib import rc_context

    metadata = {"png": {"Software": None}, "svg": {"Date": None}}[kind]
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "medtransfer"}):  # without it the ids in an SVG would be random
        drawing.savefig(file, format=kind, dpi=160, metadata=metadata)
    return file.getvalue()
