"""The scores of groups of test patients, such as of sex and age, and how far the groups are apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import entry_with_interval
from experiments.run.resolve import ResolvedRun
from experiments.tables.document import Cell, CellKey, TableDocument
from specs.quoting import plain

EXPLAINED = (
    "Scores of groups: in percent, of each group's test images alone, as mean and standard deviation over seeds. The "
    "gap comes with the 95 % interval over test patients (percentile bootstrap) of the difference between these two "
    "groups. They were chosen by their scores, so that small groups are apart by chance too. Images of no group are "
    "left out."
)


@dataclass(frozen=True)
class GapOfRow:
    """How far the groups of a row's score on a column are apart.

    Attributes:
        highest: the name of the group with the highest mean score.
        lowest: the name of the group with the lowest mean score.
        difference: the mean score of the one minus that of the other, in [0, 1].
        interval: the 95 % interval of this difference over test patients; None: there is none.
    """

    highest: str
    lowest: str
    difference: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class ScoresOfGroups:
    """The scores of the groups that one column of labels tells apart, on one column of the table.

    Attributes:
        column: the label of the table's column.
        told_by: the name of what tells the groups apart, such as ``sex``.
        patients: the number of test patients of each group that is told of, by its name.
        too_few: whether some group has too few patients and is not told of.
        scores: the scores of the runs of each cell by the group's name, with intervals over test patients.
        gaps: how far the groups are apart, of each cell with two groups or more.
    """

    column: str
    told_by: str
    patients: dict[str, int]
    too_few: bool
    scores: dict[str, dict[CellKey, Cell]]
    gaps: dict[CellKey, GapOfRow]


@dataclass(frozen=True)
class AllGroups:
    """The scores of all groups of a table.

    Attributes:
        each: the scores of the groups of each column of the table and of each of its columns of groups.
    """

    each: tuple[ScoresOfGroups, ...]


def groups() -> Kind:
    """The block of groups, for tables with a dataset that says groups of its patients."""
    return Kind(order=27, tell=_tell, part=AllGroups, gather=_gather)


def _gather(gathering: Gathering) -> AllGroups | None:
    found = []
    for label, run in gathering.first_runs().items():
        if gathering.columns[label].measure is not None or run.spec.fold is not None:
            continue  # runs of folds are tested on different patients
        opened = gathering.resolver.opened(run.spec.dataset, run.spec.edition)
        for told_by, grouped in opened.dataset.grouped(opened.root).items():
            found.append(_of_column(gathering, label, run, told_by, grouped))
    kept = tuple(one for one in found if one is not None)
    return AllGroups(kept) if kept else None


def _of_column(
    gathering: Gathering, label: str, run: ResolvedRun, told_by: str, grouped: Mapping[str, str]
) -> ScoresOfGroups | None:
    """The scores of the groups of one column of the table; None if no run is done."""
    import numpy as np

    from analysis.bootstrap import interval_of_mean
    from analysis.groups import gap
    from experiments.measures.measuring.by_group import scores_by_group

    task = gathering.resolver.opened(run.spec.dataset, run.spec.edition).dataset.task
    samples, score = gathering.resolver.index(run.spec).test, gathering.columns[label].score
    patients: dict[str, int] = {}
    scores: dict[str, dict[CellKey, Cell]] = {}
    gaps: dict[CellKey, GapOfRow] = {}
    done, too_few = False, False
    for cell_key in gathering.cells:
        records = gathering.records_of(cell_key)
        if cell_key[1] != label or not records:
            continue
        runs = scores_by_group(records, run.spec, task, samples, grouped, score, gathering.store)
        done, too_few, patients = True, runs[0]["too_few"], runs[0]["patients"]
        means, drawn = {}, {}
        for group in patients:
            values = tuple(one["scores"][group] for one in runs if one["scores"][group] is not None)
            resampled = [one["resampled"][group] for one in runs]
            scores.setdefault(group, {})[cell_key] = Cell(values, interval=interval_of_mean(resampled))
            if len(values) == len(runs):
                means[group] = sum(values) / len(values)
                drawn[group] = np.array(resampled, dtype=np.float64).mean(axis=0)
        if (apart := gap(means, drawn)) is not None:
            gaps[cell_key] = GapOfRow(apart.highest, apart.lowest, apart.difference, apart.interval)
    return ScoresOfGroups(label, told_by, patients, too_few, scores, gaps) if done else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(AllGroups)
    explained = False
    for one in part.each if part is not None else ():
        yield _block(document, one, () if explained or not one.patients else (EXPLAINED,))
        explained = explained or bool(one.patients)


def _block(document: TableDocument, one: ScoresOfGroups, notes: tuple[str, ...]) -> Block:
    """The block of one column of groups; one of which no group is large enough has a note alone."""
    from analysis.groups import FEWEST_OF_CLASS, FEWEST_PATIENTS

    title = f"Scores by {plain(one.told_by)}, {one.column}"
    few = (
        f"{title}: {'groups' if one.patients else 'there are only groups'} of fewer than {FEWEST_PATIENTS} test "
        f"patients, or of fewer than {FEWEST_OF_CLASS} with or without a class that the score is of,"
        f"{'' if one.patients else ' which'} are not shown, so that nobody is singled out."
    )
    notes = (*notes, few) if one.too_few else notes
    if not one.patients:
        return Block(notes=notes)
    lines = []
    for row, _ in document.rows:
        cell_key = row, one.column
        entries = [entry_with_interval(one.scores[group].get(cell_key, Cell(()))) for group in one.patients]
        lines.append(Line(row, (*entries, _gap(one.gaps.get(cell_key))), row))
    headings = [Heading(plain(group), f"{count} patients") for group, count in one.patients.items()]
    return Block(
        title=f"{title}: {dict(document.columns)[one.column]}",
        corner=f"by {plain(one.told_by)}, {one.column}",
        header=(*headings, Heading("gap", "highest minus lowest")),
        lines=tuple(lines),
        notes=notes,
    )


def _gap(found: GapOfRow | None) -> Entry:
    """A gap in points with its interval, as in ``3.10 (-0.20 to 6.41)``, and its two groups."""
    if found is None:
        return Entry("-")
    text = f"{100 * found.difference:.2f}"
    if found.interval is not None:
        low, high = found.interval
        text += f" ({100 * low:.2f} to {100 * high:.2f})"
    return Entry(text, found.difference, f"{plain(found.highest)} - {plain(found.lowest)}")
