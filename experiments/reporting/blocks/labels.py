"""How many labels each row needs, and until how many the start matters, where columns are fractions of one dataset."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from analysis.annotation import labels_to_reach, labels_until_alike, less
from analysis.power_law import FEWEST, PowerLaw, fit
from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line, Said, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.counts import counts_of
from experiments.reporting.drawings.label_curves import Panel, draw_label_curves
from experiments.reporting.text.claims import points
from experiments.reporting.text.label_words import labels_text, reaching, until_alike
from experiments.run.public_names import public_title
from experiments.tables.document import TableDocument
from experiments.tables.table import Column
from specs.expression import Call
from specs.registry import DATASETS

MARGIN = 1.0
"""The margin in points where a user names none: that of the answers of tables (``blocks.answers``)."""

TITLE = "How many labels"


@dataclass(frozen=True)
class Nested:
    """Columns that are nested fractions of the training images of one dataset.

    Attributes:
        title: the title of the whole dataset.
        columns: the labels of the columns, from the smallest fraction to the largest.
        fractions: the fraction of each column, in (0, 1].
        drawn: whether each seed draws training images of its own; otherwise all runs of a column have the same.
    """

    title: str
    columns: tuple[str, ...]
    fractions: tuple[float, ...]
    drawn: bool


@dataclass(frozen=True)
class NestedFractions:
    """The groups of a table's columns that are nested fractions of one dataset.

    Attributes:
        groups: the groups, each of four fractions or more.
        margin: the difference in points that does not matter.
    """

    groups: tuple[Nested, ...]
    margin: float = MARGIN


def labels() -> Kind:
    """The block of labels, for tables with four or more fractions of a dataset."""
    return Kind(order=17, tell=_tell, part=NestedFractions, gather=_gather, check=_check, endings=("-labels",))


def _gather(gathering: Gathering) -> NestedFractions | None:
    groups: dict[tuple[str, ...], list[tuple[float, Column]]] = {}
    for column in gathering.table.columns:
        if column.measure is None:
            bound = DATASETS.bind(column.dataset)
            fraction = bound.arguments()["fraction"]
            assert isinstance(fraction, float)
            whole = Call(bound.name, (), tuple(item for item in bound.kwargs if item[0] != "fraction"))
            key = (str(DATASETS.bind(whole)), column.backbone or "", column.score or "")
            groups.setdefault(key, []).append((fraction, column))
    found = tuple(
        _nested(whole, sorted(of, key=lambda one: one[0]))
        for (whole, *_), of in groups.items()
        if len({fraction for fraction, _ in of}) >= FEWEST
    )
    return NestedFractions(found, gathering.margin or MARGIN) if found else None


def _nested(whole: str, columns: Sequence[tuple[float, Column]]) -> Nested:
    return Nested(
        public_title(DATASETS, whole),
        tuple(column.label for _, column in columns),
        tuple(fraction for fraction, _ in columns),
        all(column.draws for fraction, column in columns if fraction < 1),
    )


def _check(document: TableDocument) -> None:
    part, known = document.part(NestedFractions), dict(document.columns)
    for group in part.groups if part else ():
        if not set(group.columns) <= set(known) or len(group.columns) != len(group.fractions):
            raise ValueError(f"fractions of {', '.join(group.columns)}, which are not all columns with one fraction")
        if not all(0 < fraction <= 1 for fraction in group.fractions):
            raise ValueError(f"expected fractions in (0, 1], found {', '.join(map(str, group.fractions))}")
    if part and not part.margin > 0:
        raise ValueError(f"expected a margin above 0 points, found {part.margin:g}")


def panels_of(document: TableDocument) -> list[tuple[Nested, Panel]]:
    """Each group of nested fractions with the scores of its rows and the curves that were fitted to them.

    The number of images of a column is that of its first run. Columns with as many images as a smaller fraction, which
    tiny datasets have, are left out, and so are groups without a curve.
    """
    if "labels" not in document.memory:
        part = document.part(NestedFractions)
        made = [(group, _panel(document, group)) for group in (part.groups if part else ())]
        document.memory["labels"] = [(group, panel) for group, panel in made if panel.curves]
    found: list[tuple[Nested, Panel]] = document.memory["labels"]
    return found


def _panel(document: TableDocument, group: Nested) -> Panel:
    counts, numbers = counts_of(document), dict[str, float]()
    shares: dict[float, float] = {}
    for column, fraction in zip(group.columns, group.fractions, strict=True):
        if column in counts and (number := float(counts[column].splits["train"].whole.images)) not in shares:
            numbers[column], shares[number] = number, fraction
    scores = {
        row: {number: values for column, number in numbers.items() if (values := document.cells[row, column].values)}
        for row, _ in document.rows
    }
    most = max(shares, default=1.0)
    all_used = not shares or shares[most] == 1
    panel = Panel(
        title=group.title,
        metric=dict(document.columns)[group.columns[-1]],
        scores=scores,
        curves={},
        whole=most if all_used else float(round(most / shares[most])),
        one_draw=most if group.drawn and all_used else None,
    )
    curves = {row: fit(list(of), list(of.values())) for row in scores if len(of := panel.counted(row)) >= FEWEST}
    return dataclasses.replace(panel, curves=curves)


def _tell(document: TableDocument) -> Iterator[Block]:
    part, found = document.part(NestedFractions), panels_of(document)
    if part is None or not found:
        return
    margin = part.margin / 100
    said = [
        Said(sentence, about=group.title if len(found) > 1 else "")
        for group, panel in found
        for sentence in _sentences(document.reference, panel, margin)
    ]
    yield Block(place="first", said=tuple(said))
    lines, panels = [], [panel for _, panel in found]
    for _, panel in found:
        for row in panel.curves:
            name = f"{row}, {panel.title}" if len(found) > 1 else row
            lines.append(Line(name, _entries(document.reference, panel, row, margin), row))
    yield Block(
        title=TITLE,
        corner="labels",
        header=(
            Heading("score with all images"),
            Heading("images to reach the reference's"),
            Heading(f"images until within {points(margin)} of it"),
            Heading("largest fraction, forecast from the others"),
        ),
        lines=tuple(lines),
        notes=tuple(_notes(document, found, margin)),
        drawing=partial(draw_label_curves, document, panels),
        data=partial(_data, panels),
        ending="-labels",
    )


def _sentences(reference: str, panel: Panel, margin: float) -> Iterator[str]:
    """What is said of each row beside the reference row, where both have curves over a common range of images."""
    base = panel.curves.get(reference)
    for row, curve in panel.curves.items():
        if row == reference or base is None or not _overlapping(base, curve):
            continue
        least, most = _range(base, curve)
        yield reaching(
            row, reference, labels_to_reach(curve, base), curve.numbers[0], curve.numbers[-1], base.numbers[-1]
        )
        last = less(curve.band([most]), base.band([most]))
        yield until_alike(row, reference, labels_until_alike(curve, base, margin), margin, least, most, last)


def _entries(reference: str, panel: Panel, row: str, margin: float) -> tuple[Entry, ...]:
    """The cells of a row's line: its score with all images, the two numbers of images, and how a forecast came out."""
    curve, base = panel.curves[row], panel.curves.get(reference)
    final = curve.band([panel.whole])
    ahead = " forecast" if panel.whole > curve.numbers[-1] else ""
    entries = [
        Entry(f"{100 * final.estimate[0]:.2f} ({_ends(final.low[0], final.high[0])}){ahead}", float(final.estimate[0]))
    ]
    if row == reference or base is None or not _overlapping(base, curve):
        entries += [Entry("-"), Entry("-")]
    else:
        reach, alike = labels_to_reach(curve, base), labels_until_alike(curve, base, margin)
        entries.append(Entry(labels_text(reach, curve.numbers[0], curve.numbers[-1]), _finite(reach.number)))
        entries.append(Entry(labels_text(alike, *_range(base, curve)), _finite(alike.number)))
    return (*entries, _forecast(panel, row))


def forecast_held(panel: Panel, row: str) -> tuple[float, float, float, bool] | None:
    """The forecast for a row's largest number of images from its other ones, and whether it held what came out.

    Args:
        panel: the scores of a dataset.
        row: the label of the row.

    Returns:
        The forecast mean of as many runs, the ends of its interval, in [0, 1], and whether the mean of the runs lies
        within it; None where too few numbers of images are left to fit a curve.
    """
    *smaller, (number, values) = panel.counted(row).items()
    if len(smaller) < FEWEST:
        return None
    ahead = fit([one for one, _ in smaller], [of for _, of in smaller]).forecast(number, len(values))
    low, high, came = float(ahead.low[0]), float(ahead.high[0]), sum(values) / len(values)
    return float(ahead.estimate[0]), low, high, low - 1e-12 <= came <= high + 1e-12


def _forecast(panel: Panel, row: str) -> Entry:
    """A forecast beside what came out, as in ``92.1 (88.0 to 94.2), came out 93.0: inside``."""
    if (found := forecast_held(panel, row)) is None:
        return Entry("-")
    estimate, low, high, inside = found
    values = panel.counted(row)[max(panel.scores[row])]
    came = f"{100 * sum(values) / len(values):.2f}: {'inside' if inside else 'outside'}"
    return Entry(f"{100 * estimate:.2f} ({_ends(low, high)}), came out {came}", estimate)


def _notes(document: TableDocument, found: Sequence[tuple[Nested, Panel]], margin: float) -> Iterator[str]:
    yield (
        f"{TITLE}: a power law with an offset, a - b n^(-c), fitted to each row's scores over the number n of training "
        f'images. The reference is "{document.reference}". In brackets are 95% intervals (profile likelihood), which '
        "count what the points lie off the curve. They are about these test images and curves of this form. Nothing is "
        "said beyond what was tried, but for forecasts, which are called so. Validation images, which are labelled "
        "too, are not counted."
    )
    if not all(group.drawn for group, _ in found):
        yield (
            f"{TITLE}: all runs of a fraction have the same training images, so that which images were drawn counts "
            "only as distance from the curve, and rows share it."
        )
    else:
        yield f"{TITLE}: each seed draws training images of its own, those of a smaller fraction among the larger's."
    bent = [
        f"{row} ({panel.title})" if len(found) > 1 else row
        for _, panel in found
        for row, curve in panel.curves.items()
        if _off(curve)
    ]
    if bent:
        yield (
            f"{TITLE}: the scores lie farther from the curve than the spread of runs explains: {'; '.join(bent)}. "
            "Their intervals are widened by it."
        )


def _off(curve: PowerLaw) -> bool:
    """Whether a test of lack of fit, at 5 %, says that the curve is not that of the scores."""
    from scipy import stats

    own = sum(curve.runs) - len(curve.runs)
    return math.isfinite(curve.misfit) and curve.misfit > float(stats.f.ppf(0.95, len(curve.runs) - 3, own))


def _data(panels: Sequence[Panel]) -> DataRows:
    """The score of every run, and the curve of every row with its interval, a line each, scores in [0, 1]."""
    lines: list[list[Value]] = []
    for panel in panels:
        for row, by_number in panel.scores.items():
            lines += [[panel.title, row, n, run, score, None, None] for n, of in by_number.items()
                      for run, score in enumerate(of, 1)]  # fmt: skip
        for row, curve in panel.curves.items():
            band = curve.band(curve.numbers)
            for place, number in enumerate(curve.numbers):
                ends = (float(of[place]) for of in (band.estimate, band.low, band.high))
                lines.append([panel.title, row, number, "curve", *ends])
    return [("dataset", "row", "training images", "run", "score", "low", "high"), *lines]


def _overlapping(first: PowerLaw, second: PowerLaw) -> bool:
    least, most = _range(first, second)
    return least < most


def _range(first: PowerLaw, second: PowerLaw) -> tuple[float, float]:
    """The smallest and the largest number of images that both curves were fitted on."""
    return max(first.numbers[0], second.numbers[0]), min(first.numbers[-1], second.numbers[-1])


def _ends(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f}"


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
