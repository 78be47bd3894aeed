"""How claims of papers read in planted worlds, where it is known whether they are true."""

from __future__ import annotations

from experiments.ledger.claim import PlantedReading, Reading, Unit, difference
from experiments.studies.demo.shared import RANDOM, target_of


def in_world(world: str, row: str, than: str = RANDOM.label, *, holds: bool, unit: Unit = "scores") -> PlantedReading:
    """What a claim says of two rows of a world's table.

    Args:
        world: the name of the world.
        row: the label of the row that scores higher where a claim of ``more`` is true or, of steps or hours, sooner.
        than: the label of the row that it is compared with; by default the random one.
        holds: whether the claim is true in this world.
        unit: what the claim is about: scores, or steps or hours to the world's threshold.
    """
    first, second = (row, than) if unit == "scores" else (than, row)
    whole = difference(first, second, target_of(world), f"{first} less {second}")
    return PlantedReading(Reading(f"demo_{world}", whole, unit=unit), holds)
