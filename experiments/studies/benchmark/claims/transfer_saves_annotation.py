"""Transfer reduces the effort of annotation (the slides)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, less
from experiments.studies.benchmark.data_efficiency import PERCENT, TASKS
from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.studies.real_images.initializations import ALL
from experiments.studies.real_images.shared import FEW, IMAGENET, RANDOM
from experiments.tables.preset import Profile


def transfer_saves_annotation(profile: Profile = "paper") -> Claim:
    """With few labels, transfer gains more than with all of them."""
    natural, (code, *_), shares = PROFILES[profile].natural_label, TASKS[profile], PERCENT[profile]
    few, whole = (difference(natural, "Scratch", f"{code} {share} %") for share in (shares[0], shares[-1]))
    on_real_images = tuple(difference(IMAGENET.label, RANDOM.label, column) for column in (FEW, ALL))
    name = "gain with few labels less gain with all"
    return Claim(
        sentence="Transfer reduces the effort of annotation: it gains more with few labels than with all of them.",
        where="slides",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(
            Reading("benchmark_data_efficiency", less(name, few, whole), (few, whole)),
            Reading("real_images_initializations", less(name, *on_real_images), on_real_images),
        ),
        beyond="the 2021 paper prints no scores at shares of the labels",
    )
