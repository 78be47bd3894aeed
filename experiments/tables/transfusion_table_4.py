"""Transfusion, table 4: random, transferred and fixed weights by the number of images (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, TRANSFER, Profile, network, retina, shared

SHARES = {
    "paper": {"5,000": 0.158, "10,000": 0.316, "all 31,600": 1.0},
    "phantom": {"36": 0.25, "72": 0.5, "all 144": 1.0},
    "smoke": {"36": 0.25},
}
"""Of the training patients, by about how many photographs they have; EyePACS has fewer than the paper's 100,000."""

SMALL = 2
"""Sizes that the CBR networks are trained on too, from the smallest."""


def transfusion_table_4(profile: Profile = "phantom") -> Table:
    """ResNet-50 at every size, CBR-LargeT and CBR-LargeW at the smallest ones; rows *assumed* from the text."""
    labels = ("ResNet",) if profile == "smoke" else ("ResNet", "CBR-LargeT", "CBR-LargeW")
    columns = []
    for label in labels:
        one, sizes = network(profile, label), SHARES[profile]
        for number, (size, share) in enumerate(sizes.items()):
            if label == "ResNet" or number < SMALL:
                recipe = retina(profile, small=share < 1)
                columns.append(one.column(f"{one.label}, {size} images", f"eyepacs(fraction={share:g})", recipe))
    return Table(
        title="Random and transferred weights by the number of images",
        question="With how many images does the gain of transferred weights end?",
        backbone=network(profile, "ResNet").backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}"), Row("transfer, fixed", "{source}", trained="head")),
        columns=tuple(columns),
        reference=RANDOM,
        **shared(profile),
    )
