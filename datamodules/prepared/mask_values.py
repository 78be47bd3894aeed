"""Whether the masks of a dataset agree on the one value that marks their foreground.

Each may hold one value beside 0, and still not the same: 1 for the liver in some, 2 for the tumor in others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datamodules.dataset.sample import Sample
from specs.quoting import plain

if TYPE_CHECKING:
    from datamodules.prepared.storage import Prepared

NAMED = 8
"""How many values a sentence names, at most."""


def disagreement(prepared: Prepared, samples: Sequence[Sample], dataset: str) -> str | None:
    """A sentence on masks that mark their foreground by different values; None where they do not.

    Args:
        prepared: the prepared dataset, which holds the value that marks the foreground of each mask, where all have to
            agree on it.
        samples: the samples whose masks are compared.
        dataset: the name of the dataset, for messages.
    """
    import numpy as np

    values = prepared.mask_values[prepared.rows(samples, dataset)]
    found, first, count = np.unique(values[~np.isnan(values)], return_index=True, return_counts=True)
    if len(found) <= 1:
        return None
    places = np.flatnonzero(~np.isnan(values))[first]
    each = [
        f"{value:g} in {number:,} (such as {plain(samples[place].id)})"
        for value, number, place in zip(found[:NAMED], count[:NAMED], places[:NAMED], strict=True)
    ]
    more = f" and {len(found) - NAMED} more values" if len(found) > NAMED else ""
    named = ", ".join(f"{value:g}" for value in found[:NAMED])
    return (
        f"the masks mark their foreground by different values: {', '.join(each)}{more}. Expected one value beside 0, "
        "the same in all of them; these may stand for different things. Say which are foreground: "
        f"foreground=({named}) if all of these are."
    )
