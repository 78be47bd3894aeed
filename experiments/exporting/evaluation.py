"""The scores of a run and of its row of a table, as sections of a model card in Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from analysis.bootstrap import interval_of_mean
from analysis.calibration import BINS
from experiments.exporting.facts import Facts
from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.blocks.operating_points import TITLES
from experiments.reporting.formats.markdown import block_table, escape
from experiments.reporting.text.phrases import mean_std
from experiments.tables.document import RunLine, TableDocument

TOLD = (
    "further_scores", "class_scores", "calibration", "operating_points", "rare_classes", "volume_dice", "groups",
    "observers",
)  # fmt: skip
"""The kinds of blocks whose line of the row is told, in this order."""


def evaluation(facts: Facts) -> list[str]:
    """The lines on this run's scores, and on those of its row if it was chosen from a table."""
    lines = [*_own(facts), *_measured(facts)]
    if facts.table is not None and facts.line is not None:
        lines += [*_row(facts.table, facts.line)]
    return lines


def _own(facts: Facts) -> Iterator[str]:
    """The test scores of the run itself."""
    scores = facts.record.data["outcome"]["scores"]
    interval = interval_of_mean([list(facts.draws)]) if facts.draws else None
    bounds = f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f}" if interval else "-"
    why = "" if interval else "; it could not be made, since their images are not here"
    yield "### This network"
    yield ""
    yield (
        "Scores in percent, on the test images, none of which it was trained on or chosen by. The interval is over "
        f"test patients (95 %, percentile bootstrap){why}."
    )
    yield ""
    lines = tuple(
        Line(name, (_percent(value), Entry(bounds if not number else "-")))
        for number, (name, value) in enumerate(scores.items())
    )
    yield from block_table(Block(corner="score", header=(Heading("value"), Heading("95 % interval")), lines=lines))


def _measured(facts: Facts) -> Iterator[str]:
    """Calibration and operating points of the run itself."""
    if calibration := facts.numbers.get("calibration"):
        lines = tuple(Line(name.replace("error:", ""), (_percent(value),)) for name, value in calibration.items())
        mean, *each = lines
        lines = (dataclasses.replace(mean, name="mean over the classes"), *each) if len(each) > 1 else tuple(each)
        yield "### Calibration"
        yield ""
        yield (
            f"Expected calibration error in percent ({BINS} bins of equal width, Naeini et al. 2015): how far the "
            "probabilities of a class are from how often it is there. 0 is best; of few test images it is above 0 even "
            "where they are right. Probabilities were not calibrated after the training."
        )
        yield ""
        yield from block_table(Block(corner="class", header=(Heading("error"),), lines=lines))
    if points := facts.numbers.get("operating_points"):
        found = tuple(Line(title, (_percent(points[name]),)) for name, title in TITLES.items())
        yield "### Operating points"
        yield ""
        yield (
            "In percent of the test images, at thresholds that were chosen on the validation images for 90 %; of "
            "several classes, the mean over those that are scored."
        )
        yield ""
        yield from block_table(Block(corner="at", header=(Heading("value"),), lines=found))


def _row(document: TableDocument, run: RunLine) -> Iterator[str]:
    """What the table tells of the run's row, over all of its seeds."""
    cell = document.cells[run.row, run.column]
    runs = len(cell.values)
    yield "### All networks of this initialization"
    yield ""
    yield (
        f"The comparison trained {runs} network{'' if runs == 1 else 's'} from {escape(run.row)} on "
        f"{escape(run.column)}, which differ in their seeds. In percent, as mean and standard deviation over them; in "
        "brackets the 95 % interval over test patients, where the table has one."
    )
    yield ""
    bounds = f" ({100 * cell.interval[0]:.2f} to {100 * cell.interval[1]:.2f})" if cell.interval else ""
    metric = Heading(dict(document.columns)[run.column])
    yield from block_table(
        Block(corner="initialization", header=(metric,), lines=(Line(run.row, (Entry(mean_std(cell) + bounds),)),))
    )
    for kind in TOLD:
        for block in blocks_of(document):
            if block.kind == kind and (shown := _of_run(document, block, run)) is not None:
                yield f"#### {escape(shown.title)}" if shown.title else f"#### {kind}"
                yield ""
                yield from block_table(shown)
                yield from (f"- {escape(note)}" for note in shown.notes)
                yield ""


def _of_run(document: TableDocument, block: Block, run: RunLine) -> Block | None:
    """A block with the line of the run's row alone, without the table's other columns; None: it has no such line."""
    others = {column for column, _ in document.columns} - {run.column}
    if run.column not in block.title and any(other in block.title for other in others):
        return None
    line = next((one for one in block.lines if run.row in (one.label, one.name)), None)
    if line is None:
        return None
    kept = [number for number, heading in enumerate(block.header) if heading.title not in others]
    entries = tuple(_whole(line.entries[number]) for number in kept)
    if all(entry.text == "-" for entry in entries):
        return None
    return dataclasses.replace(
        block, header=tuple(block.header[number] for number in kept), lines=(Line(line.name, entries),)
    )


def _whole(entry: Entry) -> Entry:
    """An entry with its second text in brackets."""
    return Entry(f"{entry.text} ({entry.small})" if entry.small else entry.text)


def _percent(value: float | None) -> Entry:
    return Entry("undefined" if value is None else f"{100 * value:.2f}", value)
