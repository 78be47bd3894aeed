"""How alike each stage represents the test images before and after training, such as ``similarity:conv1``."""

from __future__ import annotations

from experiments.measures.measuring.measure import Found, Measure, defined, stages_of
from experiments.measures.measuring.representations import similarities, stage_maps
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record


def before_and_after(record: Record, paths: Paths) -> Found:
    """Mean canonical correlation of each stage with itself before training (Raghu et al. 2019, appendix C).

    Returns:
        The mean correlation by stage, in [0, 1], None where a stage does not vary. For comparison, ``floor:STAGE`` is
        the mean correlation of independent random rows, ``unrelated:STAGE`` that of unrelated images, and
        ``untouched:STAGE`` that of the stage before training with itself. ``details`` holds the pixels, ranks and
        channels that were compared.

    Raises:
        RunError: if the weights before or after training are not those of the run.
    """
    network = restore(record, paths)
    before = stage_maps(network, before_training(record, paths))
    after = stage_maps(network)
    found = similarities(before, after, same_channels=True)
    unrelated = similarities(before, after, same_channels=True, unrelated=True)
    untouched = similarities(before, before, same_channels=True)
    numbers: dict[str, float | None] = {}
    for prefix, of in (("", found), ("unrelated:", unrelated), ("untouched:", untouched)):
        numbers |= {f"{prefix}{stage}": defined(one.mean) for stage, one in of.items()}
    numbers |= {f"floor:{stage}": defined(one.floor) for stage, one in found.items()}
    details = {
        stage: {
            "rows": one.rows,
            "ranks": one.ranks,
            "repeats": [defined(value) for value in one.repeats],
            "channels": [drawn.tolist() for drawn, _ in one.channels],
        }
        for stage, one in found.items()
    }
    return numbers | {"details": details}


def similarity() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1,
        unit="CCA",
        progress="similarities before and after training",
        compute=before_and_after,
        numbers=stages_of,
        levels={
            "untouched": "A stage before training with itself",
            "unrelated": "Before and after training on unrelated images",
            "floor": "Floor of independent rows",
        },
    )
