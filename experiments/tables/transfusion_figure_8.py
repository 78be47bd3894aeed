"""Transfusion, figure 8: hybrids, a slim network over transferred stages and synthetic Gabor filters (Raghu 2019)."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, THRESHOLD, TRANSFER, Profile, network, retina, shared


def transfusion_figure_8(profile: Profile = "phantom") -> Table:
    """ResNet-50 and CBR-LargeW; slim: transferred up to the middle, the last two stages half as wide and random."""
    shown = [network(profile, label) for label in ("ResNet", "CBR-Small" if profile == "smoke" else "CBR-LargeW")]
    middle = {one.label: one.stages[-3] for one in shown}  # layer2 of ResNet-50, as in the paper
    return Table(
        title="Hybrids: slim networks and synthetic Gabor filters",
        question="Is a reused first half, or a synthetic first layer, as good as the whole transfer?",
        backbone=shown[0].backbone,
        rows=(
            Row(RANDOM, "random"),
            *(
                Row(f"slim {label}", f'transfuse({{source}}, through="{stage}")', backbone="{slim}", only=label)
                for label, stage in middle.items()
            ),
            Row("Gabor filters", "gabor"),
            Row(TRANSFER, "{source}"),
        ),
        columns=tuple(one.column(one.label, "eyepacs", retina(profile)) for one in shown),
        reference=RANDOM,
        threshold=THRESHOLD[profile],
        figure=Figure(),
        **shared(profile),
    )
