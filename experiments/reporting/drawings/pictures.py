"""Writes drawings as pictures (PNG) and as vector graphics (SVG, PDF)."""

from __future__ import annotations

import io
import re
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

from specs.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Format = Literal["png", "svg", "pdf"]

PICTURES: tuple[Format, ...] = ("png", "svg", "pdf")

METADATA: dict[Format, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None},
}
"""What is left out of the files, so that the same drawing gives the same bytes."""

STYLE: dict[Any, Any] = {"svg.hashsalt": "medtransfer", "text.hinting": "none"}
"""Settings of the files: ids in an SVG that are not random, and texts that are as wide in all files."""

FINE = re.compile(rb"(\.\d\d)\d+")
"""The decimals of a coordinate beyond a hundredth of a typographic point, which nobody sees."""

PLACES = re.compile(rb' (?:d|x|y|points)="[^"]*"')
"""The attributes of an SVG that hold coordinates. Outlines of letters are whole numbers of another scale."""

OF_PATIENTS = "-images"
"""The ending of the name of a picture with real images."""


def caption(drawing: Drawing, *texts: str) -> Drawing:
    """The drawing with texts above it, in lines that fit."""
    fitting = int(drawing.get_figwidth() * 14)  # about 14 characters of this font size fit into an inch
    drawing.suptitle("\n".join(line for text in texts for line in wrap(text, fitting)), fontsize=9)
    return drawing


def write_drawing(drawing: Drawing, name: str, folder: Path) -> list[Path]:
    """Write NAME.png, .svg and .pdf into a folder; returns their paths."""
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


def drawn(drawing: Drawing, kind: Format) -> bytes:
    """The content of a drawing's file; the same drawing gives the same bytes.

    The drawing is laid out once, so that all its files are alike, and each costs half the time.
    """
    from matplotlib import rc_context

    if drawing.get_layout_engine() is not None:
        with rc_context(STYLE):
            drawing.draw_without_rendering()
        drawing.set_layout_engine("none")
    file = io.BytesIO()
    with rc_context(STYLE):
        drawing.savefig(file, format=kind, dpi=160, metadata=METADATA[kind])
    return shortened(file.getvalue()) if kind == "svg" else file.getvalue()


def shortened(svg: bytes) -> bytes:
    """An SVG with two decimals of each coordinate, which is about a third smaller and looks the same."""
    return PLACES.sub(lambda found: FINE.sub(rb"\1", found[0]), svg)
