"""Transfusion, figure 7: weight transfusion, convergence by how many stages are transferred (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, THRESHOLD, TRANSFER, Network, Profile, network, retina, shared


def transfusion_figure_7(profile: Profile = "phantom") -> Table:
    """ResNet-50 on photographs, the first stages transferred and the others random; batch norm goes with its stage."""
    return transfusions(profile, network(profile, "ResNet"))


def transfusions(profile: Profile, of: Network) -> Table:
    """The same of any network."""
    shown = of.stages[:1] if profile == "smoke" else of.stages[:-1]
    return Table(
        title=f"Weight transfusion of {of.label}",
        question="How many stages must be transferred for the whole gain in convergence?",
        backbone=of.backbone,
        rows=(
            Row(RANDOM, "random"),
            *(Row(f"through {stage}", f'transfuse({{source}}, through="{stage}")') for stage in shown),
            Row(TRANSFER, "{source}"),
        ),
        columns=(of.column(of.label, "eyepacs", retina(profile)),),
        reference=RANDOM,
        threshold=THRESHOLD[profile],
        figure=Figure(),
        **shared(profile) | {"transposed": False},
    )
