"""Benchmark, figure 2: fourteen self-supervised methods beside supervised ones (Hosseinzadeh Taher et al. 2021)."""

from __future__ import annotations

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import DATASETS, columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

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
"""The initializers of the methods by the names of the paper, in the order of its figure."""

FAMILIES = {
    "instance discrimination": ("InsDis", "MoCo-v1", "MoCo-v2", "SimCLR-v1", "SimCLR-v2", "BYOL"),
    "jigsaw": ("PIRL",),
    "clustering": ("DeepCluster-v2", "SeLa-v2", "SwAV"),
    "clustering with contrastive learning": ("PCL-v1", "PCL-v2"),
    "mutual information reduction": ("InfoMin",),
    "redundancy reduction": ("Barlow Twins",),
}
"""The methods by their kind, as the paper groups them (section 3)."""

SOURCES: dict[Profile, str] = {
    "phantom": 'ssl("{method}", on="fractals")',
    "smoke": 'ssl("{method}", on="fractals")',
    "paper": "{method}",
}
"""Templates of the expression of the initializer with the weights of a method, which replaces ``{method}``."""

TASKS: dict[Profile, tuple[str, ...]] = {"phantom": tuple(DATASETS), "smoke": ("PXS",), "paper": tuple(DATASETS)}

SEEDS: dict[Profile, int] = {"phantom": 2, "smoke": 2, "paper": 10}


def figure_2(profile: Profile = "phantom") -> Table:
    """Every self-supervised method against supervised pretraining, on seven tasks, with mean ranks over the tasks."""
    preset = PROFILES[profile]
    label = f"supervised {preset.natural_label}"
    self_supervised = [Row(name, SOURCES[profile].format(method=method)) for name, method in METHODS.items()]
    return Table(
        title=f"Fourteen self-supervised methods beside supervised {preset.natural_label}",
        question="Do self-supervised sources transfer better than the supervised one?",
        rows=(Row(label, preset.natural), *([] if profile == "smoke" else self_supervised)),
        columns=columns(profile, TASKS[profile]),
        reference=label,
        figure=Figure(
            families=(
                (label, "supervised"),
                *((method, family) for family, methods in FAMILIES.items() for method in methods),
            ),
            ranks=True,
        ),
        **preset.shared() | {"seeds": SEEDS[profile]},
    )
