"""Transfusion, figure 7: weight transfusion, convergence by how many stages are transferred (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import Network, network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import RETINA, retina_recipe
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table


def figure_7(profile: Profile = "phantom") -> Table:
    """ResNet-50 on fundus photographs, with the first stages transferred and the others random.

    The parameters and statistics of batch norm are taken over with the stage that they belong to.
    """
    return transfusions(profile, network(profile, "ResNet"))


def transfusions(profile: Profile, shown: Network) -> Table:
    """A table with a row for each number of transferred stages of a network, on fundus photographs.

    Args:
        profile: the profile of the table: ``phantom``, ``smoke`` or ``paper``.
        shown: the network whose stages are transferred.
    """
    preset = PROFILES[profile]
    stages = shown.stages[:1] if profile == "smoke" else shown.stages[:-1]
    return Table(
        title=f"Weight transfusion of {shown.label}",
        question="How many stages must be transferred for the whole gain in convergence?",
        rows=(
            Row(RANDOM, "random"),
            *(Row(f"through {stage}", f'transfuse({{source}}, through="{stage}")') for stage in stages),
            Row(TRANSFER, "{source}"),
        ),
        columns=(shown.column(shown.label, RETINA, retina_recipe(profile)),),
        reference=RANDOM,
        threshold=preset.threshold,
        figure=Figure(),
        **preset.shared() | {"backbone": shown.backbone, "transposed": False},
    )
