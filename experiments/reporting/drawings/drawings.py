"""All drawings of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.reporting.text.words import PHANTOM_WARNING
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


ENDINGS = ("-race", "", "-ranks", "-differences", "-curves", "-steps")
"""Of the names of all pictures that a table may have."""


def drawings(document: TableDocument) -> dict[str, Drawing]:
    """What there is to draw, by the end of the files' names.

    The race, the table, ranks, differences, learning curves, steps: ``ENDINGS``.
    """
    from experiments.reporting.drawings.curves import draw_curves
    from experiments.reporting.drawings.forest import draw_forest
    from experiments.reporting.drawings.panels import draw_panels
    from experiments.reporting.drawings.profile import draw_profile
    from experiments.reporting.drawings.race import draw_race
    from experiments.reporting.drawings.rank_diagram import draw_ranks
    from experiments.reporting.drawings.steps import draw_steps

    found = {}
    if (race := draw_race(document)) is not None:
        found["-race"] = race
    if document.figure is not None:
        found[""] = draw_profile(document) if document.figure.along else draw_panels(document)
        if document.ranks is not None:
            warning = f"\n{PHANTOM_WARNING}" if document.edition == "phantom" else ""
            found["-ranks"] = draw_ranks(document.ranks, f"{document.title}: mean ranks.{warning}")
    if (forest := draw_forest(document)) is not None:
        found["-differences"] = forest
    if (curves := draw_curves(document)) is not None:
        found["-curves"] = curves
    if (steps := draw_steps(document)) is not None:
        found["-steps"] = steps
    return found
