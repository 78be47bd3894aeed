"""A measure: numbers of one finished run that the cells of a table may hold instead of its test score.

Each is a file of ``experiments/measures`` with a function of its name that returns a ``Measure``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specs.errors import unknown
from specs.registry import MEASURES
from specs.run import RunSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datamodules.dataset.contract import Dataset
    from experiments.run.paths import Paths
    from experiments.run.store import Record

Found = Mapping[str, Any]
"""Numbers of one run by name, None for a number that is undefined; ``details``, if there, explains the numbers."""


def _nothing_to_say(found: Sequence[Found]) -> list[tuple[str, str]]:
    return []


def _anything_goes(dataset: Dataset, root: Path) -> None:
    pass


@dataclass(frozen=True)
class Measure:
    """A measure: how its numbers are computed, and how they are described to readers.

    Attributes:
        version: the version of the measure, raised on purpose when the same run gives other numbers than before.
        unit: the unit of the numbers, for the heading of a column.
        progress: what is being measured, in words, for the line that shows the progress.
        compute: a function that measures one run; a column of a table names one of the numbers.
        numbers: a function that gives the names of the numbers that runs of a spec may have.
        levels: descriptions of reference numbers, such as a floor, by name; the number NAME:KEY is the reference for
            the number KEY.
        remarks: a function that gives notes on the numbers of all runs, as pairs of a subject and a sentence.
        check: a function that raises an error, before anything is trained: DataError if a dataset lacks what the
            measure needs, UsageError if a package does.
        of_resamples: a function that gives numbers of one run on resamples of its test images, (B,) by name, from the
            run's own numbers and how often each resample draws each image, (B, N); None: the numbers have no intervals
            over patients.
        reads: the name of a file of runs that the measure reads and runs of earlier versions may lack; empty: none.
    """

    version: int
    unit: str
    progress: str
    compute: Callable[[Record, Paths], Found]
    numbers: Callable[[RunSpec], Collection[str]]
    levels: Mapping[str, str] = field(default_factory=dict)
    remarks: Callable[[Sequence[Found]], list[tuple[str, str]]] = _nothing_to_say
    check: Callable[[Dataset, Path], None] = _anything_goes
    of_resamples: Callable[[Record, Found, NDArray[np.uint8]], Mapping[str, NDArray[np.float64]]] | None = None
    reads: str = ""

    def check_number(self, number: str, spec: RunSpec) -> None:
        """Refuse a number that runs of a spec cannot have.

        Raises:
            UsageError: lists the near matches.
        """
        known = self.numbers(spec)
        if number not in known:
            raise unknown(f"number ({self.progress})", number, known)


def defined(value: float) -> float | None:
    """A number as ``Found`` holds it: None for NaN, which JSON cannot hold."""
    return None if math.isnan(value) else value


def stages_of(spec: RunSpec) -> tuple[str, ...]:
    """The names of the stages of a spec's backbone."""
    from backbones.networks.skeletons import skeleton

    return tuple(stage.name for stage in skeleton(spec.backbone).stages)


def measure_of(column: str) -> tuple[str, Measure, str]:
    """The measure's name, the measure and the name of the number that a column's ``NAME:NUMBER`` stands for.

    Raises:
        UsageError: lists the near matches if there is no such measure.
    """
    name, _, number = column.partition(":")
    measure: Measure = MEASURES.get(name)()
    return name, measure, number
