"""Transfusion, figure 6: convergence from Mean Var, transferred and random weights (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, THRESHOLD, TRANSFER, Profile, chest, network, retina, shared


def transfusion_figure_6(profile: Profile = "phantom") -> Table:
    """Inception-v3 and ResNet-50 on photographs, ResNet-50 on consolidation.

    In the phantom profile CBR-Small stands for Inception-v3, and learns consolidation, which its ResNet hardly does.
    """
    resnet = network(profile, "ResNet")
    other = network(profile, "Inception-v3" if profile == "paper" else "CBR-Small")
    third = resnet if profile == "paper" else other
    consolidation = 'chexpert(uncertain="ignore", scored=("Consolidation",))'
    columns = [
        other.column(f"{other.label}, retina", "eyepacs", retina(profile)),
        resnet.column(f"{resnet.label}, retina", "eyepacs", retina(profile)),
        third.column(f"{third.label}, consolidation", consolidation, chest(profile)),
    ]
    return Table(
        title="Convergence from Mean Var, transferred and random weights",
        question="How much of the faster convergence is the scale of the weights alone?",
        backbone=resnet.backbone,
        rows=(Row(RANDOM, "random"), Row("Mean Var", "mean_var({source})"), Row(TRANSFER, "{source}")),
        columns=tuple(columns[:1] if profile == "smoke" else columns),
        reference=RANDOM,
        threshold=THRESHOLD[profile],
        figure=Figure(),
        **shared(profile),
    )
