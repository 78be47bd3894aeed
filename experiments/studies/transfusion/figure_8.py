"""Transfusion, figure 8: hybrids, a slim network over transferred stages and synthetic Gabor filters (Raghu 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import RETINA, retina_recipe
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

SHOWN: dict[Profile, tuple[str, str]] = {
    "phantom": ("ResNet", "CBR-LargeW"),
    "smoke": ("ResNet", "CBR-Small"),
    "paper": ("ResNet", "CBR-LargeW"),
}


def figure_8(profile: Profile = "phantom") -> Table:
    """Hybrids of ResNet-50 and CBR-LargeW on fundus photographs.

    In the slim hybrids the stages up to the middle are transferred, and the last two are half as wide and random. The
    paper scaled its Gabor filters to the magnitude of learned ones. A row of our own has them at the scale of the
    random
    filters that they replace: beside the random row, it shows what the form of the filters does alone.
    """
    preset, shown = PROFILES[profile], [network(profile, label) for label in SHOWN[profile]]
    middle = {one.label: one.stages[-3] for one in shown}  # layer2 of ResNet-50, as in the paper
    return Table(
        title="Hybrids: slim networks and synthetic Gabor filters",
        question="Is a reused first half, or a synthetic first layer, as good as the whole transfer?",
        rows=(
            Row(RANDOM, "random"),
            *(
                Row(f"slim {label}", f'transfuse({{source}}, through="{stage}")', backbone="{slim}", only=label)
                for label, stage in middle.items()
            ),
            Row("Gabor filters", "gabor(scale_of={source})"),
            Row("Gabor filters, random scale", "gabor"),
            Row(TRANSFER, "{source}"),
        ),
        columns=tuple(one.column(one.label, RETINA, retina_recipe(profile)) for one in shown),
        reference=RANDOM,
        threshold=preset.threshold,
        figure=Figure(),
        **preset.shared(),
    )
