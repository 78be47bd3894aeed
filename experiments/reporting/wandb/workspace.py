"""Builds the wandb workspace of a table: a saved view of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.reporting.wandb.panels import BY, panels_of, runs_of
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace


def workspace(document: TableDocument, entity: str, project: str) -> Workspace:
    """A workspace with a section for each task: scores and convergence by initializer, and the learning curves.

    It shows the runs of the table's group, grouped by initializer.

    Args:
        document: the finished table.
        entity: the name of a user or team in wandb.
        project: the name of the wandb project that the runs were mirrored into.
    """
    from wandb_workspaces.workspaces import Config, RunsetSettings, Section, Workspace

    return Workspace(
        entity=entity,
        project=project,
        name=document.name,
        sections=[Section(name=column, panels=panels, is_open=True) for column, panels in panels_of(document)],
        runset_settings=RunsetSettings(filters=runs_of(document), groupby=[Config(BY)]),
    )
