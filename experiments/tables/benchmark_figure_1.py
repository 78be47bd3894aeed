"""Benchmark, figure 1: does the granularity of labels matter? Seven tasks (Hosseinzadeh Taher et al. 2021)."""

from __future__ import annotations

from experiments.benchmark_tasks import CLASSIFICATION, SEGMENTATION, Profile, columns
from experiments.rendering.figure import Figure
from experiments.resolve import recipe_named
from experiments.table import Row, Table


def benchmark_figure_1(profile: Profile = "phantom") -> Table:
    """Random weights, coarser and finer labels: ImageNet and iNat2021, or both kinds of labels of the same fractals."""
    paper, smoke = profile == "paper", profile == "smoke"
    if paper:
        coarse, fine = Row("ImageNet", "imagenet"), Row("iNat2021", "inat2021")
    else:
        coarse = Row("fractals, coarse labels", 'supervised(on="fractals", labels="coarse")')
        fine = Row("fractals, fine labels", 'supervised(on="fractals", labels="fine")')
    groups = (
        (("segmentation", ("PXS",)),) if smoke else (("classification", CLASSIFICATION), ("segmentation", SEGMENTATION))
    )
    pretraining = "phantom/smoke_pretraining" if smoke else "phantom/pretraining"
    return Table(
        title="Granularity of the pretraining labels",
        question="Is a source with finer labels better, and for which kind of task?",
        edition="real" if paper else "phantom",
        protocol="paper" if paper else "smoke" if smoke else "small",
        weights="published" if paper else "trained here",
        backbone="resnet50" if paper else "tiny(width=8)",
        rows=(Row("Scratch", "random"), coarse, fine),
        columns=columns(profile, tuple(code for _, codes in groups for code in codes)),
        reference=coarse.label,
        pretraining=None if paper else recipe_named(pretraining),
        seeds=10 if paper else 2 if smoke else 3,
        figure=Figure(groups=groups, interaction=None if smoke else (coarse.label, fine.label)),
    )
