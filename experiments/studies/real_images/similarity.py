"""Real images: how much of a random and of an ImageNet start each stage keeps in training."""

from __future__ import annotations

import dataclasses

from analysis.truth import Claim
from experiments.studies.real_images.shared import FEW, IMAGENET, RANDOM, SCALE, STAGES, Profile, few, shared
from experiments.tables.figure import Figure
from experiments.tables.stated import Stated
from experiments.tables.table import Column, Table

SAME = 5.0
"""The difference of mean CCA, in hundredths, up to which two rows are taken to keep a stage equally well."""


def similarity(profile: Profile = "small") -> Table:
    """CCA of each stage with itself before training, on few images, of the runs of the table of initializations.

    Args:
        profile: ``small`` is the whole table; ``smoke`` has two stages and drawn images, to test the software only.
    """
    stages = STAGES[:2] if profile == "smoke" else STAGES
    labels = tuple(f"{FEW}, {stage}" for stage in stages)

    def column(stage: str, label: str) -> Column:
        return dataclasses.replace(few(profile), label=label, measure=f"similarity:{stage}", tuned_on=labels[0])

    first, *_, last = labels
    return Table(
        title="Similarity of each stage before and after training, real images",
        question="Which stages keep what ImageNet weights bring?",
        rows=(RANDOM, SCALE, IMAGENET),
        columns=tuple(map(column, stages, labels)),
        seeds=3,
        figure=Figure(groups=((FEW, labels),), along=True),
        directions=("more similar", "less similar"),
        stated=(
            Stated(
                "Features are reused in the lowest stages alone.",
                "Transfusion, Raghu et al. 2019, figure 3",
                (
                    (first, Claim(IMAGENET.label, "better", RANDOM.label)),
                    (last, Claim(IMAGENET.label, "equal", RANDOM.label, SAME)),
                ),
            ),
        )
        if profile == "small"
        else (),
        **shared(profile),
    )
