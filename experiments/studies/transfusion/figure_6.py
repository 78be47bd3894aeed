"""Transfusion, figure 6: convergence from Mean Var, transferred and random weights (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import RETINA, chest_recipe, one_pathology, retina_recipe
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

# In the phantom profile CBR-Small stands for Inception-v3. It is trained on consolidation too, which the small ResNet
# of that profile hardly learns.
SHOWN: dict[Profile, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "phantom": (("CBR-Small", "ResNet"), ("CBR-Small",)),
    "smoke": (("CBR-Small",), ()),
    "paper": (("Inception-v3", "ResNet"), ("ResNet",)),
}
"""The labels of the networks that are trained on fundus photographs, and of those trained on consolidation."""


def figure_6(profile: Profile = "phantom") -> Table:
    """Inception-v3 and ResNet-50 on fundus photographs, and ResNet-50 on consolidation in chest x-rays."""
    preset = PROFILES[profile]
    on_retina, on_chest = ([network(profile, label) for label in labels] for labels in SHOWN[profile])
    retina, chest, consolidation = retina_recipe(profile), chest_recipe(profile), one_pathology("Consolidation")
    return Table(
        title="Convergence from Mean Var, transferred and random weights",
        question="How much of the faster convergence is the scale of the weights alone?",
        rows=(Row(RANDOM, "random"), Row("Mean Var", "mean_var({source})"), Row(TRANSFER, "{source}")),
        columns=(
            *(one.column(f"{one.label}, retina", RETINA, retina) for one in on_retina),
            *(one.column(f"{one.label}, consolidation", consolidation, chest) for one in on_chest),
        ),
        reference=RANDOM,
        threshold=preset.threshold,
        figure=Figure(),
        **preset.shared(),
    )
