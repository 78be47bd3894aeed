"""Benchmark, figure 1: does the granularity of labels matter? Seven tasks (Hosseinzadeh Taher et al. 2021)."""

from __future__ import annotations

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import CLASSIFICATION, SEGMENTATION, columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

DRAWN = (
    Row("fractals, coarse labels", 'supervised(on="fractals", labels="coarse")'),
    Row("fractals, fine labels", 'supervised(on="fractals", labels="fine")'),
)
SOURCES: dict[Profile, tuple[Row, Row]] = {
    "phantom": DRAWN,
    "smoke": DRAWN,
    "paper": (Row("ImageNet", "imagenet"), Row("iNat2021", "inat2021")),
}
"""The two pretrainings that are compared: the first with coarser labels, the second with finer ones."""

ALL = (("classification", CLASSIFICATION), ("segmentation", SEGMENTATION))
GROUPS: dict[Profile, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "phantom": ALL,
    "smoke": (("segmentation", ("PXS",)),),
    "paper": ALL,
}
"""The codes of the tasks, grouped by the kind of task."""


def figure_1(profile: Profile = "phantom") -> Table:
    """Random weights, coarser and finer labels: ImageNet and iNat2021, or both kinds of labels of the same fractals."""
    (coarse, fine), groups = SOURCES[profile], GROUPS[profile]
    return Table(
        title="Granularity of the pretraining labels",
        question="Is a source with finer labels better, and for which kind of task?",
        rows=(Row("Scratch", "random"), coarse, fine),
        columns=columns(profile, tuple(code for _, codes in groups for code in codes)),
        reference=coarse.label,
        figure=Figure(groups=groups, interaction=(coarse.label, fine.label) if len(groups) > 1 else None),
        **PROFILES[profile].shared(),
    )
