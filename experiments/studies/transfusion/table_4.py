"""Transfusion, table 4: random, transferred and fixed weights by the number of images (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import retina_recipe
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

SHARES: dict[Profile, dict[str, float]] = {
    "phantom": {"36": 0.25, "72": 0.5, "all 144": 1.0},
    "smoke": {"36": 0.25},
    "paper": {"5,000": 0.158, "10,000": 0.316, "all 31,600": 1.0},
}
"""Shares of the training patients, by about how many photographs they have.

The paper goes up to 100,000 photographs, and EyePACS has fewer.
"""

SIZES: dict[Profile, dict[str, int]] = {
    "phantom": {"ResNet": 3, "CBR-LargeT": 1, "CBR-LargeW": 1},
    "smoke": {"ResNet": 1},
    "paper": {"ResNet": 3, "CBR-LargeT": 2, "CBR-LargeW": 2},
}
"""On how many of the shares each network is trained, counted from the smallest."""


def table_4(profile: Profile = "phantom") -> Table:
    """ResNet-50 on every share of the images, CBR-LargeT and CBR-LargeW on the smallest ones.

    The rows are *assumed* from what the text of the paper says.
    """
    columns = []
    for label, sizes in SIZES[profile].items():
        one = network(profile, label)
        for size, share in tuple(SHARES[profile].items())[:sizes]:
            recipe = retina_recipe(profile, few=share < 1)
            columns.append(one.column(f"{one.label}, {size} images", f"eyepacs(fraction={share:g})", recipe))
    return Table(
        title="Random and transferred weights by the number of images",
        question="With how many images does the gain of transferred weights end?",
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}"), Row("transfer, fixed", "{source}", adaptation="head")),
        columns=tuple(columns),
        reference=RANDOM,
        **PROFILES[profile].shared(),
    )
