"""Transfer improves performance (the slides; table 2 and figure 1)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, over_columns
from experiments.studies.benchmark.figure_1 import GROUPS, SOURCES
from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.table_2 import TASKS
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.shared import SOURCE
from experiments.studies.real_images.initializations import ALL, MORE, VESSELS
from experiments.studies.real_images.shared import FEW, IMAGENET, RANDOM
from experiments.tables.preset import Profile


def transfer_improves(profile: Profile = "paper") -> Claim:
    """ImageNet weights score higher than random ones."""
    coarse, _ = SOURCES[profile]
    tasks = [code for _, codes in GROUPS[profile] for code in codes]
    on_real_images = (FEW, MORE, ALL, VESSELS)
    return Claim(
        sentence="Transfer from natural images improves performance over random weights.",
        where="slides; table 2 and figure 1",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(
            over_columns("benchmark_table_2", PROFILES[profile].natural_label, "Scratch", TASKS[profile]),
            over_columns("benchmark_figure_1", coarse.label, "Scratch", tasks),
            over_columns("real_images_initializations", IMAGENET.label, RANDOM.label, on_real_images),
        ),
        not_elsewhere="of the 14 sources of Juodelyte et al. 2024 (https://arxiv.org/abs/2412.20172) none is random, "
        "and Juodelyte et al. 2023 (https://arxiv.org/abs/2302.08272) scored random starts by another program and on "
        "other images than the others, as far as their code tells",
        worlds=(
            in_world("features", SOURCE, holds=True),
            in_world("plenty", SOURCE, holds=False),
        ),
    )
