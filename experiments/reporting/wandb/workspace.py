"""Builds the wandb workspace of a table. This is the only file that imports wandb_workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.reporting.wandb.parcels import CURVE
from experiments.run.public_names import metric_prefix
from experiments.tables.document import TableDocument
from specs.errors import RunError

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace

SCORE, CONVERGENCE = "score", "epochs_to_95_percent"
"""The names of metrics as ``experiments.reporting.wandb.parcels`` logs them after the dataset's name."""


def workspace(document: TableDocument, entity: str, project: str) -> Workspace:
    """A workspace with a section for each task: scores and convergence by initializer, and the learning curves.

    It shows the runs of the table's group, grouped by initializer.

    Args:
        document: the finished table.
        entity: the name of a user or team in wandb.
        project: the name of the wandb project that the runs were mirrored into.
    """
    import wandb_workspaces.reports.v2 as reports
    from wandb_workspaces.workspaces import Config, RunsetSettings, Section, Workspace

    rows, metrics = dict(document.rows), dict(document.columns)
    finetunings = {run.column: run for run in document.runs if run.row in rows}
    by_initializer = reports.Config("initializer")
    sections = []
    for column, run in finetunings.items():
        prefix, shown = metric_prefix(str(run.spec["dataset"])), metrics.get(column)
        own = shown not in run.scores or shown == next(iter(run.scores))
        score = SCORE if own else shown
        panels: list[Any] = [
            reports.BarPlot(title=f"{column}: score", metrics=[f"{prefix}/{score}"], groupby=by_initializer),
            reports.LinePlot(
                title=f"{column}: learning curves",
                x="epoch",
                y=[f"{prefix}/{CURVE}"],
                groupby=by_initializer,
                groupby_aggfunc="mean",
                groupby_rangefunc="stddev",
            ),
            reports.BarPlot(
                title=f"{column}: epochs to 95% of the best validation score",
                metrics=[f"{prefix}/{CONVERGENCE}"],
                groupby=by_initializer,
            ),
        ]
        sections.append(Section(name=column, panels=panels, is_open=True))
    return Workspace(
        entity=entity,
        project=project,
        name=document.name,
        sections=sections,
        runset_settings=RunsetSettings(
            filters=f"Metric('Group') == '{document.name}' and Metric('JobType') == 'finetune'",
            groupby=[Config("initializer")],
        ),
    )


def spec_of(made: Workspace) -> dict[str, Any]:
    """The workspace as plain data, without the ids that are drawn anew each time."""
    from pydantic import TypeAdapter
    from wandb_workspaces.workspaces import Workspace

    plain: dict[str, Any] = _without_ids(TypeAdapter(Workspace).dump_python(made, mode="json", exclude_none=True))
    return plain


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(inner) for name, inner in value.items() if not str(name).startswith("_")}
    return [_without_ids(inner) for inner in value] if isinstance(value, list) else value


def save(made: Workspace) -> str:
    """Save a workspace online; returns its address.

    Raises:
        RunError: if wandb cannot save it, for example without a login.
    """
    try:
        made.save()
    except Exception as error:  # wandb documents no common class of its errors
        raise RunError(
            f"the workspace {made.name} could not be built ({type(error).__name__}: {error}). Log in with "
            f"`wandb login`, and check that {made.entity}/{made.project} exists."
        ) from error
    return str(made.url)
