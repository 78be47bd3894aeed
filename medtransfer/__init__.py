"""medtransfer: which initialization should a medical-imaging task be fine-tuned from, and why?

``import medtransfer as mt`` gives the names that users and plugins need. Each is imported when it is first used, so
that the command line answers at once. ``mt.Session`` runs, compares and reports, as the command ``medtransfer`` does.
"""

from __future__ import annotations

import medtransfer.own_path

# isort: split
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone as Backbone
    from backbones.networks.contract import Stage as Stage
    from datamodules.dataset.contract import Dataset as Dataset
    from datamodules.dataset.contract import Index as Index
    from datamodules.dataset.sample import Sample as Sample
    from datamodules.pipeline.lightning import ImageDataModule as ImageDataModule
    from experiments.execution.planner import Plan as Plan
    from experiments.execution.run_status import RunState as RunState
    from experiments.run.paths import Paths as Paths
    from experiments.run.recipes import recipe_named as recipe_named
    from experiments.run.resolve import ResolvedRun as ResolvedRun
    from experiments.run.runner import run as run
    from experiments.run.store import Record as Record
    from experiments.session.documents import Statistics as Statistics
    from experiments.session.exporting import Exported as Exported
    from experiments.session.fetching import Fetched as Fetched
    from experiments.session.predicting import Predicted as Predicted
    from experiments.session.results import Compared as Compared
    from experiments.session.results import Failure as Failure
    from experiments.session.results import Made as Made
    from experiments.session.results import Page as Page
    from experiments.session.results import Planned as Planned
    from experiments.session.results import Pretrained as Pretrained
    from experiments.session.results import RunResult as RunResult
    from experiments.session.selecting import Selection as Selection
    from experiments.session.session import Session as Session
    from experiments.tables.document import TableDocument as TableDocument
    from initializers.loading.contract import Initializer as Initializer
    from initializers.loading.contract import Weights as Weights
    from initializers.loading.loading import LoadReport as LoadReport
    from initializers.loading.loading import initialize as initialize
    from lightning_modules.adapting.contract import Adaptation as Adaptation
    from lightning_modules.adapting.solved import SolvedHead as SolvedHead
    from lightning_modules.classification import ClassificationModule as ClassificationModule
    from lightning_modules.segmentation import SegmentationModule as SegmentationModule
    from specs.card import Card as Card
    from specs.card import Normalization as Normalization
    from specs.expression import Call as Call
    from specs.expression import parse as parse
    from specs.fold import Fold as Fold
    from specs.recipe import Recipe as Recipe
    from specs.registry import ADAPTATIONS as ADAPTATIONS
    from specs.registry import BACKBONES as BACKBONES
    from specs.registry import DATASETS as DATASETS
    from specs.registry import INITIALIZERS as INITIALIZERS
    from specs.run import RunSpec as RunSpec
    from specs.task import Task as Task

_PUBLIC = {
    "Backbone": "backbones.networks.contract",
    "Stage": "backbones.networks.contract",
    "Dataset": "datamodules.dataset.contract",
    "Index": "datamodules.dataset.contract",
    "Sample": "datamodules.dataset.sample",
    "ImageDataModule": "datamodules.pipeline.lightning",
    "RunState": "experiments.execution.run_status",
    "Plan": "experiments.execution.planner",
    "Paths": "experiments.run.paths",
    "recipe_named": "experiments.run.recipes",
    "ResolvedRun": "experiments.run.resolve",
    "run": "experiments.run.runner",
    "Record": "experiments.run.store",
    "Statistics": "experiments.session.documents",
    "Fetched": "experiments.session.fetching",
    "Predicted": "experiments.session.predicting",
    "Compared": "experiments.session.results",
    "Exported": "experiments.session.exporting",
    "Failure": "experiments.session.results",
    "Made": "experiments.session.results",
    "Page": "experiments.session.results",
    "Planned": "experiments.session.results",
    "Pretrained": "experiments.session.results",
    "RunResult": "experiments.session.results",
    "Selection": "experiments.session.selecting",
    "Session": "experiments.session.session",
    "TableDocument": "experiments.tables.document",
    "Initializer": "initializers.loading.contract",
    "Weights": "initializers.loading.contract",
    "LoadReport": "initializers.loading.loading",
    "initialize": "initializers.loading.loading",
    "Adaptation": "lightning_modules.adapting.contract",
    "SolvedHead": "lightning_modules.adapting.solved",
    "ClassificationModule": "lightning_modules.classification",
    "SegmentationModule": "lightning_modules.segmentation",
    "Card": "specs.card",
    "Normalization": "specs.card",
    "Call": "specs.expression",
    "parse": "specs.expression",
    "Fold": "specs.fold",
    "Recipe": "specs.recipe",
    "ADAPTATIONS": "specs.registry",
    "BACKBONES": "specs.registry",
    "DATASETS": "specs.registry",
    "INITIALIZERS": "specs.registry",
    "RunSpec": "specs.run",
    "Task": "specs.task",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("medtransfer")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'medtransfer' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def main() -> int:
    """The command line; returns the exit status."""
    try:
        from experiments.cli.command_line import main as command_line

        return command_line()
    except KeyboardInterrupt:  # before the command line is there to say so
        return 130


def _packages() -> ModuleType:
    """The module ``specs.packages`` of this very distribution, found by its place and not by its name."""
    path = Path(__file__).resolve().parent.parent / "specs" / "packages.py"
    spec = importlib.util.spec_from_file_location("_medtransfer_packages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _take_packages() -> None:
    """Import all our packages, so that no other one of the same name can stand in for them later.

    Raises:
        ImportError: names another project's package that is imported already, or that Python would import instead; of
            the command itself, ``SystemExit`` after the same message.
    """
    packages = _packages()
    if (found := packages.taken()) is None:
        return
    message = packages.explained(found)
    if medtransfer.own_path.is_command():  # it shows no traceback
        print(f"medtransfer: {message}", file=sys.stderr)
        raise SystemExit(2)
    raise ImportError(message)


_take_packages()
