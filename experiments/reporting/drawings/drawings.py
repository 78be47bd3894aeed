"""All drawings of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.reporting.text.words import PHANTOM_WARNING
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def drawings(document: TableDocument) -> dict[str, Drawing]:
    """What there is to draw, by the end of the files' names: the table, ranks, learning curves, steps."""
    from experiments.reporting.drawings.curves import draw_curves
    from experiments.reporting.drawings.panels import draw_panels
    from experiments.reporting.drawings.profile import draw_profile
    from experiments.reporting.drawings.rank_diagram import draw_ranks
    from experiments.reporting.drawings.steps import draw_steps

    found = {}
    if document.figure is not None:
        found[""] = draw_profile(document) if document.figure.along else draw_panels(document)
        if document.ranks is not None:
            warning = f"\n{PHANTOM_WARNING}" if document.edition == "phantom" else ""
            found["-ranks"] = draw_ranks(document.ranks, f"{document.title}: mean ranks.{warning}")
    if (curves := draw_curves(document)) is not None:
        found["-curves"] = curves
    if (steps := draw_steps(document)) is not None:
        found["-steps"] = steps
    return found
