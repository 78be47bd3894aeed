"""Whether runs can train on the datasets that lie in the data folder, judged from the same view as `check`."""

from __future__ import annotations

from collections.abc import Iterator

from datamodules.dataset.contract import Dataset
from datamodules.dataset.counts import counted
from datamodules.dataset.in_words import in_words
from experiments.checks.diagnosis.check_result import CheckResult
from experiments.run.paths import Paths
from specs.errors import DataError, UsageError
from specs.expression import Call
from specs.registry import DATASETS


def datasets(where: Paths) -> Iterator[CheckResult]:
    """A result for each dataset whose name needs no arguments and whose folder is in the data folder."""
    for name in DATASETS.entries:
        try:
            dataset: Dataset = DATASETS.build(name)
        except UsageError:
            continue  # it needs arguments, and these decide which folder is meant
        if not dataset.generated and where.root(Call(name), "real").is_dir():
            yield _looked_at(name, where)


def _looked_at(name: str, where: Paths) -> CheckResult:
    check = where.suggested("check", name)
    try:
        view = where.view(Call(name), "real")
        faults = view.faults()
    except DataError as error:
        return CheckResult(name, "warning", str(error).splitlines()[0].rstrip("."), f"All of it is told by: {check}")
    if faults or view.new:
        problems = [f"{len(view.new)} problems are neither mended nor accepted"] if view.new else []
        found = "; ".join(fault.rstrip(".") for fault in [*faults, *problems])
        return CheckResult(name, "warning", found, f"All of it is told by: {check}")
    forms = f"; prepared: {', '.join(view.prepared.forms)}" if view.prepared else ""
    return CheckResult(name, "ok", in_words(counted(view.index, view.dataset.task)) + forms)
