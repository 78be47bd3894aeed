"""Whether a finished run still agrees with its record: its files, initial weights, network and scores.

Nothing is written. The network is restored and tested once more, on the processor of this machine.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from datamodules.prepared.opening import OpenDataset
from experiments.run.determinism import deterministic
from experiments.run.initialized import built_backbone
from experiments.run.machine.environment import environment, unlike
from experiments.run.machine.threads import threads
from experiments.run.paths import Paths
from experiments.run.predictions import scores
from experiments.run.public_names import public, public_title, run_title
from experiments.run.resolve import Resolver
from experiments.run.restored import before_training, restore
from experiments.run.retesting import device, predictions
from experiments.run.store import AGAIN, BEST, PREDICTIONS, WEIGHTS, Record, RunStore
from initializers.formats.checkpoints import read_tensors
from initializers.loading.contract import Weights
from initializers.loading.loading import fitting
from specs.errors import DataError, MedtransferError
from specs.expression import Call
from specs.files import file_sha256
from specs.registry import DATASETS, INITIALIZERS
from specs.run import Edition, RunSpec, digest
from specs.task import Task

PROBABILITY = 1e-4
"""The largest difference from a stored probability, on another processor or with other versions."""

PIXELS = 1e-3
"""The largest difference from a stored count of pixels there, as a share of the image's pixels."""

SCORE = 1e-12
"""The largest difference of a score of the stored predictions from the record's; rounding errors are smaller."""

OTHERWISE = "The record was edited, or medtransfer has changed since: verify with the version that ran it."
REMEDIES = {
    "dataset": "Name the folder of the same files with --data-root, or make the table again for these.",
    "plugins": "The plugin has changed since: install the version that the record names, or make the table again.",
}
"""What to do if a part of a run's identity has changed; ``OTHERWISE`` for parts that are not listed here."""

NEEDED = ("spec", "identity", "outcome", "score", "normalization", "environment")
"""The entries of a record that verifying reads."""


@dataclass(frozen=True)
class Difference:
    """A difference between a run and its record.

    Attributes:
        what: the name of the thing that differs, such as a file or a score.
        expected: what the record states, in words.
        found: what was found instead, in words.
        remedy: what to do about it; empty if ``found`` is an error that says so itself.
    """

    what: str
    expected: str
    found: str
    remedy: str = AGAIN


@dataclass
class Verdict:
    """The result of verifying one run.

    Attributes:
        key: the run's key.
        run: a description of the run in words; empty if its record cannot be read.
        differences: the differences between the run and its record; empty if it is verified.
        alike: whether processor, system and versions are the recorded ones, so that predictions must be equal bit by
            bit; None if the run has no predictions, or they were not compared.
        unlike: the parts of the environment that are not the recorded ones, such as ``cpu`` or ``versions``.
        largest: the largest difference between a prediction and the stored one: of a probability, or of a count of
            pixels as a share of the image's pixels; None if they were not compared.
    """

    key: str
    run: str = ""
    differences: list[Difference] = field(default_factory=list)
    alike: bool | None = None
    unlike: list[str] = field(default_factory=list)
    largest: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data; an infinite difference is the word ``infinite``, since JSON has no such number."""
        largest = "infinite" if self.largest == math.inf else self.largest
        return {"verified": not self.differences} | dataclasses.asdict(self) | {"largest": largest}


class AsTheyAre(Paths):
    """Paths under which nothing is written: a phantom edition that is not there is an error instead of being drawn."""

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        """Open a dataset with its checked splits.

        Raises:
            DataError: if the data are not usable, or a phantom edition is not there.
        """
        root = self.root(expression, edition)
        if edition == "phantom" and not DATASETS.build(expression).generated and not root.is_dir():
            raise DataError(
                f"the phantom edition of {public_title(DATASETS, expression)} is not at {root}. "
                f"This draws it: {self.suggested('check', str(DATASETS.short(expression)), edition=edition)}"
            )
        return super().opened(expression, edition)


def verify(key: str, paths: Paths) -> Verdict:
    """Check a run's files, and repeat the parts of the run that need no training.

    Args:
        key: the key of the run.
        paths: where data and runs are.
    """
    verdict, where = Verdict(key), AsTheyAre(paths.data, paths.runs, paths.cache)
    record = _tried(verdict, "record", lambda: RunStore(where.runs).record(key))
    if verdict.differences:
        return verdict
    if record is None:
        remedy = "Make its table, or name the store that holds it with --runs."
        verdict.differences.append(Difference("record", f"a finished run in {where.runs}", "none", remedy))
        return verdict
    lacking = [name for name in NEEDED if name not in record.data]
    if lacking:
        verdict.differences.append(Difference("record", ", ".join(NEEDED), f"no {', '.join(lacking)}"))
        return verdict
    spec = _tried(verdict, "spec", lambda: RunSpec.from_json(record.data["spec"]))
    if spec is None:
        return verdict
    verdict.run = run_title(spec, public)
    opened = _check_identity(verdict, record, spec, where)
    damaged = _damaged(verdict, record, WEIGHTS if spec.stage == "pretrain" else PREDICTIONS)
    if opened is not None and "load_report.json" not in damaged:
        _tried(verdict, "initial weights", lambda: before_training(record, where))
    if spec.stage == "pretrain":
        _tried(verdict, "weights", lambda: _load_strictly(record, spec))
    elif BEST not in damaged:
        _check_predictions(verdict, record, spec, where, opened)
    return verdict


def _tried(verdict: Verdict, what: str, step: Callable[[], Any]) -> Any:
    """The result of a step; None if it fails, and then the failure is added to the verdict as a difference."""
    try:
        return step()
    except MedtransferError as error:
        verdict.differences.append(Difference(what, "what the run was made with", str(error), ""))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        found = f"it cannot be used ({type(error).__name__}: {error})"
        verdict.differences.append(Difference(what, "what the run left", found))
    return None


def _check_identity(verdict: Verdict, record: Record, spec: RunSpec, paths: Paths) -> OpenDataset | None:
    """Compare the identity that the key was made of with today's; returns the dataset if it is the run's."""
    stated = record.data["identity"]
    if digest(stated) != verdict.key:
        verdict.differences.append(
            Difference("identity", f"the key {verdict.key}", f"{digest(stated)}, its own digest")
        )
    opened: OpenDataset | None = _tried(verdict, "data", lambda: paths.data_of(spec))
    if opened is None:
        return None
    devices = record.data["environment"].get("devices", 1)  # old records, of one device each, do not state it
    resolved = _tried(verdict, "identity", lambda: Resolver(paths, devices).resolve(spec))
    if resolved is None:
        return None
    for part in dict.fromkeys((*resolved.identity, *(name for name in ("plugins",) if name in stated))):
        found = resolved.identity.get(part)
        if found != stated.get(part):
            what = "data" if part == "dataset" else part
            remedy = REMEDIES.get(part, OTHERWISE)
            verdict.differences.append(Difference(what, *_unlike(stated.get(part), found), remedy))
    return opened if resolved.identity["dataset"] == stated.get("dataset") else None


def _unlike(expected: Any, found: Any) -> tuple[str, str]:
    """Two values in words; of two mappings, only the entries that differ."""
    if not (isinstance(expected, dict) and isinstance(found, dict)):
        return str(expected), str(found)
    names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    first, second = (", ".join(f"{name} {of.get(name)}" for name in names) for of in (expected, found))
    return first, second


def _damaged(verdict: Verdict, record: Record, result: str) -> set[str]:
    """The names of damaged files, whose bytes are not the recorded ones, among the result and other recorded files."""
    stated = record.data.get("files", {}) | {result: record.data["outcome"].get(f"{Path(result).stem}_sha256")}
    damaged = set()
    for name, expected in stated.items():
        found = _tried(verdict, name, partial(file_sha256, record.folder / name))
        if found != expected:
            damaged.add(name)
        if found not in (None, expected):
            verdict.differences.append(Difference(name, f"sha256 {expected}", f"sha256 {found}"))
    return damaged


def _load_strictly(record: Record, spec: RunSpec) -> None:
    """Raise an error if a fine-tuning could not start from the weights of a pretraining."""
    path = record.folder / WEIGHTS
    weights = Weights(read_tensors(path)[0], source=str(path))
    fitting(INITIALIZERS.build(spec.initializer), weights, built_backbone(spec.backbone, spec.recipe).weights())


def _check_predictions(
    verdict: Verdict, record: Record, spec: RunSpec, paths: Paths, opened: OpenDataset | None
) -> None:
    stored = _tried(verdict, PREDICTIONS, lambda: pq.read_table(record.folder / PREDICTIONS))
    if opened is None or stored is None:
        return
    _tried(verdict, "scores", lambda: _check_scores(verdict, record, scores(opened.dataset.task, stored)))
    again = _tried(verdict, "network", lambda: _tested_again(record, spec, paths))
    if again is not None:
        verdict.unlike = unlike(record.data["environment"], environment(torch.device(device())))
        verdict.alike = not verdict.unlike
        _compare(verdict, record.data["environment"], opened.dataset.task, stored, again)


def _check_scores(verdict: Verdict, record: Record, found: dict[str, float | None]) -> None:
    stated = record.data["outcome"]["scores"]
    named = {name: (stated.get(name), found.get(name)) for name in {**found, **stated}}
    named["score"] = record.data["score"], next(iter(found.values()))
    for name, (expected, computed) in named.items():
        both = expected is not None and computed is not None
        if abs(expected - computed) > SCORE if both else expected is not computed:
            verdict.differences.append(Difference(name, f"{expected}", f"{computed} from {PREDICTIONS}"))


def _tested_again(record: Record, spec: RunSpec, paths: Paths) -> pa.Table:
    """The restored network's predictions on the test split, with the recipe's precision and number of threads."""
    network = restore(record, paths)
    module = network.module.to(device())
    autocast = torch.autocast(device(), torch.bfloat16, enabled=spec.recipe.precision == "bf16")
    with threads(spec.recipe.threads), deterministic(spec.recipe), autocast:
        return predictions(module, network.data)


def _compare(verdict: Verdict, recorded: dict[str, Any], task: Task, stored: pa.Table, again: pa.Table) -> None:
    """Compare the stored predictions with those of the restored network, and add differences to the verdict.

    On the recorded environment they must be equal, elsewhere up to the limits above.
    """
    if stored.column_names != again.column_names or stored["id"].to_pylist() != again["id"].to_pylist():
        found = f"{stored.num_rows} of other names"
        verdict.differences.append(Difference(PREDICTIONS, f"{again.num_rows} images of the test split", found))
        return
    if _labels(task, stored) != _labels(task, again):
        verdict.differences.append(Difference("labels", "those of the test split", f"others in {PREDICTIONS}"))
    verdict.largest = _largest(task, stored, again)
    limit, unit = (PIXELS, "of an image's pixels") if task.kind == "segmentation" else (PROBABILITY, "of a probability")
    if verdict.largest > (0 if verdict.alike else limit):
        expected = f"at most {limit:g} {unit} of difference, with other {', '.join(verdict.unlike)} than recorded"
        remedy = AGAIN
        if verdict.alike:
            expected = "the very same, on the recorded processor, system and versions"
            if "cpu" not in recorded:
                remedy += " A CPU of another model, which this record does not name, explains the last digits."
        verdict.differences.append(
            Difference("predictions of the restored network", expected, f"{verdict.largest:.3g} {unit}", remedy)
        )


def _labels(task: Task, table: pa.Table) -> bytes:
    """The parts of a table of predictions that depend on the labels or masks alone, as bytes to compare."""
    columns = [table[name].to_numpy() for name in table.column_names if name.startswith("target:")]
    if task.kind == "segmentation":
        columns = [table[f"{place}_tp"].to_numpy() + table[f"{place}_fn"].to_numpy() for place in _counted(table)]
    return b"".join(np.ascontiguousarray(column).tobytes() for column in columns)


def _counted(table: pa.Table) -> list[str]:
    """The beginnings of the columns that hold counts of pixels, one for each image size and region."""
    return [name.removesuffix("_tp") for name in table.column_names if name.endswith("_tp")]


def _largest(task: Task, stored: pa.Table, again: pa.Table) -> float:
    """The largest difference of a probability, or of a count as a share of its pixels; infinite if only one is NaN."""
    if task.kind == "segmentation":
        counts = [f"{place}_{kind}" for place in _counted(stored) for kind in ("tp", "fp", "fn", "tn")]
        first, second = (
            np.stack([table[name].to_numpy() for name in counts], axis=1).reshape(table.num_rows, -1, 4).astype(float)
            for table in (stored, again)
        )
        apart = np.abs(first - second) / np.maximum(second.sum(axis=2, keepdims=True), 1)
    else:
        names = [name for name in stored.column_names if name.startswith("probability:")]
        first, second = (np.stack([table[name].to_numpy() for name in names], axis=1) for table in (stored, again))
        apart = np.where(np.isnan(first) & np.isnan(second), 0.0, np.abs(first - second))
    return float(np.nan_to_num(apart, nan=math.inf).max(initial=0.0))
