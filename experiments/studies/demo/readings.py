"""How claims of papers read in planted worlds, where it is known whether they are true."""

from __future__ import annotations

from experiments.ledger.claim import PlantedReading, Reading, difference
from experiments.studies.demo.shared import RANDOM, target_of


def in_world(world: str, row: str, than: str = RANDOM.label, *, holds: bool, steps: bool = False) -> PlantedReading:
    """What a claim says of two rows of a world's table.

    Args:
        world: the name of the world.
        row: the label of the row that scores higher where a claim of ``more`` is true or, of steps, is sooner.
        than: the label of the row that it is compared with; by default the random one.
        holds: whether the claim is true in this world.
        steps: whether the claim is about steps to the world's threshold, instead of scores.
    """
    first, second = (than, row) if steps else (row, than)
    whole = difference(first, second, target_of(world), f"{first} less {second}")
    return PlantedReading(Reading(f"demo_{world}", whole, steps=steps), holds)
