"""Self-supervised models hold more in low stages, the supervised one more in high ones (the slides)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, less, mean_of
from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.stages import NEIGHBORS, SHOWN, STAGES, heading
from experiments.tables.preset import Profile


def low_stages_by_self_supervision(profile: Profile = "paper") -> Claim:
    """The gain of self-supervised models over the supervised one is larger in the lowest stage than in the highest."""
    supervised = PROFILES[profile].natural_label
    lowest, highest = (
        mean_of(
            f"k-NN at {stage}",
            [difference(model, supervised, heading(stage, NEIGHBORS)) for model in SHOWN[profile]],
        )
        for stage in (STAGES[profile][0], STAGES[profile][-1])
    )
    return Claim(
        sentence="Self-supervised models hold more in low and middle stages, the supervised one in high ones.",
        where="slides, after Islam et al. 2021",
        kind="more",
        margin=1.0,
        margin_from="ours: one point of what nearest neighbors know",
        readings=(Reading("benchmark_stages", less("lowest less highest stage", lowest, highest), (lowest, highest)),),
        beyond="the slides cite another paper and print no numbers",
    )
