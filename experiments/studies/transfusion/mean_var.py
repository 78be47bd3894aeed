"""Transfusion, appendix: convergence from parts of the transferred weights' distribution, more networks and tasks."""

from __future__ import annotations

from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import PATHOLOGIES, RETINA, chest_recipe, one_pathology, retina_recipe
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

# The small ResNet of the phantom profile hardly learns chest x-rays, so CBR-Small is trained on them there.
NETWORKS: dict[Profile, tuple[tuple[str, ...], str]] = {
    "phantom": (("CBR-Tiny",), "CBR-Small"),
    "smoke": (("CBR-Small",), "CBR-Small"),
    "paper": (("CBR-LargeT", "CBR-LargeW", "CBR-Small", "CBR-Tiny"), "ResNet"),
}
"""The labels of the networks that are trained on fundus photographs, and of the one trained on chest x-rays."""

OTHERS = tuple(name for name in PATHOLOGIES if name != "Consolidation")
SHOWN: dict[Profile, tuple[str, ...]] = {"phantom": OTHERS[:1], "smoke": (), "paper": OTHERS}
"""The pathologies that are trained on: those that figure 6 does not show."""

SEEDS: dict[Profile, int] = {"phantom": 2, "smoke": 2, "paper": 3}


def mean_var(profile: Profile = "phantom") -> Table:
    """Networks that begin with part of what transferred weights hold, on CBR networks and on further pathologies.

    The parts are the mean and variance of each tensor, its whole distribution, and the batch-norm parameters alone.
    """
    preset, (labels, label) = PROFILES[profile], NETWORKS[profile]
    on_retina, on_chest = [network(profile, label) for label in labels], network(profile, label)
    retina, chest = retina_recipe(profile), chest_recipe(profile)
    return Table(
        title="Convergence from parts of the transferred weights' distribution",
        question="Is it the scale, the whole distribution, or the batch-norm parameters?",
        rows=(
            Row(RANDOM, "random"),
            Row("Mean Var", "mean_var({source})"),
            Row("shuffled", 'mean_var({source}, draw="shuffle")'),
            Row("batch norm alone", "batch_norm({source})"),
            Row(TRANSFER, "{source}"),
        ),
        columns=(
            *(one.column(f"{one.label}, retina", RETINA, retina) for one in on_retina),
            *(on_chest.column(f"{on_chest.label}, {name}", one_pathology(name), chest) for name in SHOWN[profile]),
        ),
        reference=RANDOM,
        threshold=preset.threshold,
        figure=Figure(),
        **preset.shared() | {"seeds": SEEDS[profile]},
    )
