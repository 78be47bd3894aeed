"""The panels of a finished table in wandb, which its workspace and its report share, and the runs that they show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from experiments.reporting.wandb.parcels import CURVE
from experiments.run.public_names import metric_prefix
from experiments.tables.document import TableDocument
from specs.errors import RunError
from specs.short_names import TITLE, short_name

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2 import Report
    from wandb_workspaces.workspaces import Workspace

SCORE, CONVERGENCE = "score", "epochs_to_95_percent"
"""The names of metrics as ``experiments.reporting.wandb.parcels`` logs them after the dataset's name."""

BY = "initializer"
"""The setting of runs, one of ``experiments.reporting.wandb.parcels.FACTS``, by which panels and lists group them."""


def panels_of(document: TableDocument) -> Iterator[tuple[str, list[Any]]]:
    """For each column with runs its label, and panels of scores, learning curves and convergence by initializer."""
    import wandb_workspaces.reports.v2 as reports

    rows, metrics = dict(document.rows), dict(document.columns)
    finetunings = {run.column: run for run in document.runs if run.row in rows}
    by_initializer = reports.Config(BY)
    for column, run in finetunings.items():
        prefix, shown = metric_prefix(str(run.spec["dataset"])), metrics.get(column)
        own = shown not in run.scores or shown == next(iter(run.scores))
        score = SCORE if own else shown
        yield (
            column,
            [
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
            ],
        )


def runs_of(document: TableDocument) -> str:
    """The filter, as wandb writes it, of the fine-tunings that were mirrored as the table's group."""
    return f"Metric('Group') == '{short_name(document.name, TITLE)}' and Metric('JobType') == 'finetune'"


def spec_of(made: Workspace | Report) -> dict[str, Any]:
    """A workspace or a report as plain data, without the ids that are drawn anew each time."""
    from pydantic import TypeAdapter

    plain: dict[str, Any] = _without_ids(TypeAdapter(type(made)).dump_python(made, mode="json", exclude_none=True))
    return plain


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(inner) for name, inner in value.items() if not str(name).startswith("_")}
    return [_without_ids(inner) for inner in value] if isinstance(value, list) else value


def save(made: Workspace | Report, name: str) -> str:
    """Save a workspace or a report online; returns its address.

    Args:
        made: the workspace or the report, which names the user or team and the project.
        name: what it is called in an error's message, such as ``the report of benchmark-table-2``.

    Raises:
        RunError: if wandb cannot save it, for example without a login.
    """
    try:
        made.save()
    except Exception as error:  # wandb documents no common class of its errors
        raise RunError(
            f"{name} could not be built ({type(error).__name__}: {error}). Log in with `wandb login`, and check that "
            f"{made.entity}/{made.project} exists."
        ) from error
    return str(made.url)
