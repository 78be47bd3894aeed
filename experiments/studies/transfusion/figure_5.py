"""Transfusion, figure 5: filters of the first convolution before and after training (Raghu et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record
from experiments.studies.transfusion.networks import Network, some
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER, random_and_transfer
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from backbones.networks.contract import Backbone

SHOWN, WIDTH = 30, 6
"""How many filters are drawn at most, and how many of them in a line: as in the paper, 5 lines of 6."""

SEEDS: dict[Profile, int] = {"phantom": 4, "smoke": 2, "paper": 3}


class Filters(NamedTuple):
    """The filters of the first convolution in the runs of one network and row.

    Attributes:
        label: the names of the network and of the row.
        before: the filters before training, (runs, filters, channels, height, width).
        after: the filters after training, with the same shape.
    """

    label: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def figure_5(profile: Profile = "phantom") -> RunAnalysis:
    """ResNet-50 and CBR-Small from random and from transferred weights; seed 0 is drawn, all seeds are measured."""
    shown = some(profile, "ResNet", "CBR-Small")
    table = random_and_transfer(profile, shown, seeds=SEEDS[profile])
    return RunAnalysis(
        title="Filters of the first convolution before and after training",
        question="Do the first filters move, and do random ones become anything else?",
        edition=table.edition,
        networks=table,
        analyze=partial(_analyze, shown),
    )


def _analyze(shown: Sequence[Network], runs: Runs, paths: Paths) -> AnalysisResult:
    found = [
        _filters(f"{one.label}, {row}", records, paths)
        for one in shown
        for row in (RANDOM, TRANSFER)
        if (records := runs.get((row, one.label)))
    ]
    return AnalysisResult(
        header=("network", "distance", "similarity of a filter with itself", "of another filter"),
        rows=[(one.label, *_moved(one)) for one in found],
        notes=(
            "Distance: l2 norm of the change over the norm before, in percent, mean ± standard deviation over seeds. "
            "Similarities: mean absolute cosine of each filter after training with itself before, and, for comparison, "
            "with the other filters before.",
            "Drawn: seed 0, mean over the input channels, up to 30 filters, each in its own range of grays; a filter's "
            "place is the same before and after.",
        ),
        draw=partial(_draw, found),
    )


def _filters(label: str, records: tuple[Record, ...], paths: Paths) -> Filters:
    before = [first_filters(before_training(record, paths)) for record in records]
    after = [first_filters(restore(record, paths).module.backbone) for record in records]
    return Filters(label, np.stack(before), np.stack(after))


def first_filters(backbone: Backbone) -> NDArray[np.float64]:
    """The weights of the first convolution, (filters, input channels, height, width).

    Raises:
        ValueError: if the backbone has no convolution.
    """
    for tensor in backbone.weights().values():
        if tensor.ndim == 4:
            return np.asarray(tensor.double().numpy())
    raise ValueError("the backbone has no convolution, so there are no filters to show")


def _moved(of: Filters) -> tuple[str, str, str]:
    """Three columns of the table as texts: the distance, and two similarities, as means over the runs.

    The distance is that of the whole convolution, relative to its norm before training. The similarities are those of a
    filter after training with itself before, and with the other filters before.
    """
    before, after = (filters.reshape(*filters.shape[:2], -1) for filters in (of.before, of.after))
    distance = np.linalg.norm(after - before, axis=(1, 2)) / np.linalg.norm(before, axis=(1, 2))
    units = [filters / np.linalg.norm(filters, axis=2, keepdims=True) for filters in (before, after)]
    cosines = np.abs(np.einsum("rfw,rgw->rfg", units[1], units[0]))
    own = np.einsum("rff->rf", cosines).mean(axis=1)
    count = cosines.shape[1]
    others = (cosines.sum(axis=(1, 2)) - own * count) / (count * (count - 1))
    spread = f" ± {100 * distance.std(ddof=1):.1f}" if len(distance) > 1 else ""
    return f"{100 * distance.mean():.1f}{spread}", f"{own.mean():.3f}", f"{others.mean():.3f}"


def _draw(found: list[Filters]) -> Drawing:
    from matplotlib.figure import Figure as Drawing

    lines = -(-len(found) // 2)  # a network has a line, with its two rows side by side
    height = 0.9 + 0.2 * -(-min(SHOWN, max((one.before.shape[1] for one in found), default=WIDTH)) // WIDTH)
    drawing = Drawing(figsize=(7.5, height * max(lines, 1) + 0.4), layout="constrained")
    for number, one in enumerate(found):
        for place, (when, filters) in enumerate((("before", one.before[0]), ("after", one.after[0]))):
            axes = drawing.add_subplot(lines, 4, 2 * number + place + 1)
            axes.imshow(mosaic(filters.mean(axis=1)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(f"{one.label}\n{when}", fontsize=8)
            axes.axis("off")
    return drawing


def mosaic(filters: NDArray[np.float64]) -> NDArray[np.float64]:
    """One picture (H, W) in [0, 1] of the first ``SHOWN`` filters of (count, height, width), side by side on white.

    Each filter is stretched to the whole range of grays.
    """
    shown = filters[:SHOWN]
    height, width = shown.shape[1] + 1, shown.shape[2] + 1
    lines = -(-len(shown) // WIDTH)
    picture = np.ones((lines * height - 1, WIDTH * width - 1))
    for number, one in enumerate(shown):
        line, place = divmod(number, WIDTH)
        low, high = one.min(), one.max()
        gray = (one - low) / (high - low) if high > low else np.full_like(one, 0.5)
        picture[line * height : line * height + height - 1, place * width : place * width + width - 1] = gray
    return picture
