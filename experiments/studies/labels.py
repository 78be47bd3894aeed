"""Labels: scores on nested fractions of any dataset, to say until how many labelled images the start matters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from analysis.power_law import FEWEST
from datamodules.dataset.contract import Dataset
from experiments.run.public_names import public_title
from experiments.run.recipes import recipe_named
from experiments.tables.own_sizes import at_own_size
from experiments.tables.rows import rows_of
from experiments.tables.table import Column, Table
from specs.errors import UsageError
from specs.expression import Call
from specs.registry import BACKBONES, DATASETS
from specs.row import parse_row

Profile = Literal["real", "phantom", "smoke"]
"""``real`` is for real images; ``phantom`` runs on drawn ones in minutes, and ``smoke`` on the same in seconds."""

PNEUMONIA = Call("medmnist", ("pneumoniamnist",))

FRACTIONS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Five fractions: four determine the curve and its uncertainty, and one is left to check a forecast by."""

ROWS: dict[Profile, tuple[str, ...]] = {
    "real": ("random", "imagenet"),
    "phantom": ("random", "fractals"),
    "smoke": ("random by probe", "fractals by probe"),
}

NETWORKS: dict[Profile, str] = {"real": "efficientnet_lite0", "phantom": "tiny(width=8)", "smoke": "tiny(width=8)"}
"""The network of rows that name none: on real images the one whose ImageNet weights come with pip."""

RECIPES: dict[Profile, str] = {"real": "compare", "phantom": "phantom", "smoke": "phantom"}
"""The study whose recipe for the kind of task is taken."""

TRIED = (1e-4, 3e-4, 1e-3)
"""The learning rates that are tried for every cell on real images, those of ``medtransfer compare``."""


def labels(
    dataset: Annotated[Call, "datamodules"] = PNEUMONIA,
    rows: tuple[str, ...] = (),
    fractions: tuple[float, ...] = FRACTIONS,
    backbone: str | None = None,
    recipe: str | None = None,
    profile: Profile = "real",
) -> Table:
    """Rows on nested fractions of a dataset; each seed draws images of its own, and rows are tuned at every fraction.

    Args:
        dataset: the whole dataset, of which fractions are taken.
        rows: the rows, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``, the reference first; none takes random and
            ImageNet weights, or what the profile has.
        fractions: the shares of the training patients, in (0, 1], four or more.
        backbone: the expression of the backbone of rows that name none; None takes EfficientNet-Lite0, or what the
            profile has.
        recipe: the name of the recipe of the fine-tunings; None takes that of ``medtransfer compare``, or of the
            profile.
        profile: what the table is for: ``real`` images, drawn ones (``phantom``), or a test of the software
            (``smoke``).

    Raises:
        UsageError: if there are too few fractions, one is out of range, or the dataset is a fraction already.
    """
    shares, given = sorted(set(fractions)), DATASETS.bind(dataset)
    if len(shares) < FEWEST or not all(0 < share <= 1 for share in shares):
        raise UsageError(
            f"labels: expected {FEWEST} or more different fractions in (0, 1], found {', '.join(map(str, fractions))}. "
            "A curve with an offset has three parameters, and a fourth fraction shows whether it fits."
        )
    if given.arguments()["fraction"] != 1:
        raise UsageError(
            f"labels: expected a whole dataset, found {DATASETS.short(given)}. Leave its fraction out, since fractions "
            "are taken of it: fractions=(0.05, 0.1, 0.25, 0.5, 1.0)."
        )
    built: Dataset = DATASETS.build(given)
    kind = "segmentation" if built.kind == "segmentation" else "classification"
    network = str(BACKBONES.bind(backbone or NETWORKS[profile]))
    own = recipe_named(recipe or f"{RECIPES[profile]}/{kind}")
    made = tuple(at_own_size(row, network, own) for row in rows_of([parse_row(one) for one in rows or ROWS[profile]]))
    settings, columns = _settings(profile), []
    for share in shares:
        part = _part(given, share)
        label = public_title(DATASETS, part) + (", all training images" if share == 1 else "")
        columns.append(Column(label, str(part), own, tuned_on=label if settings["tried"] else None, draws=True))
    return Table(
        title=f"Labels of {public_title(DATASETS, given)}",
        question="Until how many labelled images does it matter what the network starts from?",
        rows=made,
        columns=tuple(columns),
        reference=made[0].label,
        backbone=network,
        overlaps="mark",
        **settings,
    )


def _part(dataset: Call, share: float) -> Call:
    """A share of a dataset, in the shortest form."""
    others = tuple(item for item in DATASETS.short(dataset).kwargs if item[0] != "fraction")
    return DATASETS.short(Call(dataset.name, (), (*others, ("fraction", share))))


def _settings(profile: Profile) -> dict[str, Any]:
    """What a profile says of data, weights and runs."""
    if profile == "real":
        return {
            "edition": "real",
            "protocol": "tuned",
            "weights": "as named in each row",
            "pretraining": None,
            "tried": TRIED,
            "seeds": 5,
        }
    smoke = profile == "smoke"
    return {
        "edition": "phantom",
        "protocol": "smoke" if smoke else "small",
        "weights": "trained here",
        "pretraining": recipe_named("phantom/smoke_pretraining" if smoke else "phantom/pretraining"),
        "tried": (),
        "seeds": 2 if smoke else 3,
    }
