"""Builds the wandb report of a table: its answer in words, then the panels of each of its columns, then the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.reporting.blocks.building.kind import leading
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.text.phrases import PHANTOM_WARNING
from experiments.reporting.wandb.panels import BY, panels_of, runs_of
from experiments.tables.document import TableDocument
from specs.short_names import TITLE, short_name

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2 import Report


def report(document: TableDocument, entity: str, project: str) -> Report:
    """A report whose summary is what the table answers, with a grid of panels for each task, and the table itself.

    The grids show the runs of the table's group, as its workspace does. wandb does not read them here; a report that is
    saved again is another one.

    Args:
        document: the finished table.
        entity: the name of a user or team in wandb.
        project: the name of the wandb project that the runs were mirrored into.
    """
    import wandb_workspaces.reports.v2 as reports

    blocks: list[Any] = [reports.CalloutBlock(text=PHANTOM_WARNING)] if document.edition == "phantom" else []
    if answers := leading(document):
        said = [f"{one.about}: {one.text}" if one.about else one.text for one in answers]
        blocks += [reports.H1(text="What it answers"), reports.UnorderedList(items=said)]
    for column, panels in panels_of(document):
        runs = reports.Runset(
            entity=entity, project=project, name=column, filters=runs_of(document), groupby=[f"config.{BY}"]
        )
        blocks += [reports.H1(text=column), reports.PanelGrid(runsets=[runs], panels=panels)]
    blocks += [reports.H1(text="The finished table"), reports.MarkdownBlock(text=to_markdown(document))]
    return reports.Report(
        entity=entity,
        project=project,
        title=short_name(document.title, TITLE),
        description=document.question,
        blocks=blocks,
        width="fluid",
    )
