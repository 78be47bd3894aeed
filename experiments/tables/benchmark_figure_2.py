"""Benchmark, figure 2: fourteen self-supervised methods beside supervised ones (Hosseinzadeh Taher et al. 2021)."""

from __future__ import annotations

from experiments.benchmark_tasks import Profile, columns
from experiments.rendering.figure import Figure
from experiments.resolve import recipe_named
from experiments.table import Row, Table

METHODS = {
    "InsDis": "insdis",
    "MoCo-v1": "moco_v1",
    "PCL-v1": "pcl_v1",
    "PIRL": "pirl",
    "PCL-v2": "pcl_v2",
    "SimCLR-v1": "simclr_v1",
    "MoCo-v2": "moco_v2",
    "SimCLR-v2": "simclr_v2",
    "SeLa-v2": "sela_v2",
    "InfoMin": "infomin",
    "BYOL": "byol",
    "DeepCluster-v2": "deepcluster_v2",
    "SwAV": "swav",
    "Barlow Twins": "barlow_twins",
}
"""In the figure's order."""

FAMILIES = {
    "instance discrimination": ("InsDis", "MoCo-v1", "MoCo-v2", "SimCLR-v1", "SimCLR-v2", "BYOL"),
    "jigsaw": ("PIRL",),
    "clustering": ("DeepCluster-v2", "SeLa-v2", "SwAV"),
    "clustering with contrastive learning": ("PCL-v1", "PCL-v2"),
    "mutual information reduction": ("InfoMin",),
    "redundancy reduction": ("Barlow Twins",),
}
"""As the paper groups them (section 3)."""


def benchmark_figure_2(profile: Profile = "phantom") -> Table:
    """Every method against the supervised source, on seven tasks, with the numbers and ranks over tasks."""
    paper, smoke = profile == "paper", profile == "smoke"
    name, supervised = ("ImageNet", "imagenet") if paper else ("fractals", "fractals")
    label = f"supervised {name}"
    rows = [Row(label, supervised)]
    rows += [Row(method, entry if paper else f'ssl("{entry}", on="fractals")') for method, entry in METHODS.items()]
    pretraining = "phantom/smoke_pretraining" if smoke else "phantom/pretraining"
    return Table(
        title=f"Fourteen self-supervised methods beside supervised {name}",
        question="Do self-supervised sources transfer better than the supervised one?",
        edition="real" if paper else "phantom",
        protocol="paper" if paper else "smoke" if smoke else "small",
        weights="published" if paper else "trained here",
        backbone="resnet50" if paper else "tiny(width=8)",
        rows=tuple(rows[:1] if smoke else rows),
        columns=columns(profile, ("PXS",)) if smoke else columns(profile),
        reference=label,
        pretraining=None if paper else recipe_named(pretraining),
        seeds=10 if paper else 2,
        figure=Figure(
            families=(
                (label, "supervised"),
                *((method, family) for family, methods in FAMILIES.items() for method in methods),
            ),
            ranks=True,
        ),
    )
