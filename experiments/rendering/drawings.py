"""All drawings of a table, and drawings as pictures and vectors."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from experiments.rendering.document import TableDocument
from experiments.rendering.words import PHANTOM_WARNING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def drawings(document: TableDocument) -> dict[str, Drawing]:
    """What there is to draw, by the end of the files' names: the table, ranks, learning curves, steps."""
    from experiments.rendering.curves import draw_curves
    from experiments.rendering.panels import draw_panels
    from experiments.rendering.rank_diagram import draw_ranks
    from experiments.rendering.steps import draw_steps

    found = {}
    if document.figure is not None:
        found[""] = draw_panels(document)
        if document.ranks is not None:
            warning = f"\n{PHANTOM_WARNING}" if document.edition == "phantom" else ""
            found["-ranks"] = draw_ranks(document.ranks, f"{document.title}: mean ranks.{warning}")
    if (curves := draw_curves(document)) is not None:
        found["-curves"] = curves
    if (steps := draw_steps(document)) is not None:
        found["-steps"] = steps
    return found


def drawn(drawing: Drawing, kind: Literal["png", "svg"]) -> bytes:
    """A drawing's file; the same drawing gives the same bytes."""
    from matplotlib import rc_context

    metadata = {"png": {"Software": None}, "svg": {"Date": None}}[kind]
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "medtransfer"}):  # ids of the parts of an SVG, which are random without one
        drawing.savefig(file, format=kind, dpi=160, metadata=metadata)
    return file.getvalue()
