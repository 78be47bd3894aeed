"""Transfusion, appendix: convergence from parts of the transferred weights' distribution, more networks and tasks."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.tables.transfusion_table_2 import PATHOLOGIES
from experiments.transfusion_tasks import RANDOM, THRESHOLD, TRANSFER, Profile, chest, network, networks, retina, shared


def transfusion_mean_var(profile: Profile = "phantom") -> Table:
    """Two moments, the whole distribution, batch-norm parameters alone; CBR networks, and the other pathologies."""
    paper, smoke = profile == "paper", profile == "smoke"
    resnet = network(profile, "ResNet")
    chested = resnet if paper else network(profile, "CBR-Small")  # the phantom profile's ResNet hardly learns them
    small = [one for one in networks(profile) if one.label.startswith("CBR")]
    columns = [
        one.column(f"{one.label}, retina", "eyepacs", retina(profile)) for one in (small if paper else small[2:])
    ]
    others = [name for name in PATHOLOGIES if name != "Consolidation"]
    for name in others if paper else others[:1]:
        dataset = f'chexpert(uncertain="ignore", scored=("{name}",))'
        columns.append(chested.column(f"{chested.label}, {name}", dataset, chest(profile)))
    return Table(
        title="Convergence from parts of the transferred weights' distribution",
        question="Is it the scale, the whole distribution, or the batch-norm parameters?",
        backbone=resnet.backbone,
        rows=(
            Row(RANDOM, "random"),
            Row("Mean Var", "mean_var({source})"),
            Row("shuffled", 'mean_var({source}, draw="shuffle")'),
            Row("batch norm alone", "batch_norm({source})"),
            Row(TRANSFER, "{source}"),
        ),
        columns=tuple(columns[:1] if smoke else columns),
        reference=RANDOM,
        threshold=THRESHOLD[profile],
        figure=Figure(),
        **shared(profile, seeds=2),
    )
