"""Real images: what ImageNet weights, their scale and their lowest stages give on few and on many images."""

from __future__ import annotations

import dataclasses

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.real_images.shared import (
    FEW,
    HEAD,
    IMAGENET,
    RANDOM,
    SCALE,
    STAGES,
    Profile,
    few,
    shared,
    up_to,
)
from experiments.tables.stated import Stated
from experiments.tables.table import Column, Table, control

MORE, ALL, VESSELS = "PneumoniaMNIST, 20 % of the training images", "PneumoniaMNIST, all training images", "DRIVE"
LOWEST, MIDDLE = up_to(STAGES[0]), up_to(STAGES[2])

LITTLE = 1.0
"""The difference, in points of AUROC or Dice, below which a benefit is called little."""

SLACK = 21.0
"""How many steps later a row may be and still count as no later: three of eight passes over the few images."""

TRANSFUSION = "Transfusion, Raghu et al. 2019"


def initializations(profile: Profile = "small") -> Table:
    """Four initializations on PneumoniaMNIST and DRIVE; on few images also ImageNet up to each stage.

    Args:
        profile: ``small`` is the whole table; ``smoke`` has one small column of drawn images, to test the software
            only.
    """
    smoke = profile == "smoke"
    learned = few(profile)
    chest = 'medmnist("pneumoniamnist"'
    columns = (
        learned,
        Column(MORE, f"{chest}, fraction=0.2)", recipe_named("real_images/more"), tuned_on=FEW),
        Column(ALL, f"{chest})", recipe_named("real_images/all"), tuned_on=FEW),
        Column(VESSELS, "drive", recipe_named("real_images/vessels"), tuned_on=VESSELS, threshold=0.6),
    )
    again = dataclasses.replace(control(RANDOM), only=FEW)
    rows = (RANDOM, again, SCALE, HEAD, *map(up_to, STAGES[:-1]), IMAGENET)
    return Table(
        title="ImageNet weights on real images",
        question="What do ImageNet weights give a small network on medical images, and what of it is their scale?",
        rows=(RANDOM, SCALE, IMAGENET) if smoke else rows,
        columns=columns[:1] if smoke else columns,
        seeds=3,
        stated=() if smoke else statements(),
        **shared(profile),
    )


def statements() -> tuple[Stated, ...]:
    """The statements of Transfusion (Raghu et al. 2019) that the rows of this table can be tested for."""
    imagenet, random = IMAGENET.label, RANDOM.label
    return (
        Stated(
            "Transfer offers little benefit to performance.",
            f"{TRANSFUSION}, abstract; little is taken as less than {LITTLE:g} point",
            tuple((column, Claim(imagenet, "equal", random, LITTLE)) for column in (MORE, ALL, VESSELS)),
        ),
        Stated(
            "With very little data, transfer helps a network of ImageNet's kind.",
            f"{TRANSFUSION}, table 3",
            ((FEW, Claim(imagenet, "better", random)),),
        ),
        Stated(
            "Transferred weights speed up convergence.",
            f"{TRANSFUSION}, section 5",
            ((FEW, Claim(imagenet, "sooner", random)),),
        ),
        Stated(
            "The scale of the weights alone speeds up convergence (Mean Var).",
            f"{TRANSFUSION}, figure 6",
            ((FEW, Claim(SCALE.label, "sooner", random)),),
        ),
        Stated(
            "The gain in convergence comes from the lowest stages.",
            f"{TRANSFUSION}, figure 7",
            (
                (FEW, Claim(LOWEST.label, "sooner", random)),
                (FEW, Claim(MIDDLE.label, "no later", imagenet, SLACK)),
            ),
        ),
    )
