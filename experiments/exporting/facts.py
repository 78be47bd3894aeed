"""What a model card tells of a finished run, without names of the user's folders, files and patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from experiments.measures.measuring.measure import measure_of
from experiments.measures.measuring.measured import measured
from experiments.run.paths import Paths
from experiments.run.public_names import public, public_dataset, public_title, run_title
from experiments.run.record_views import public_load_report
from experiments.run.store import Record
from experiments.tables.document import RunLine, TableDocument
from experiments.tables.licences import Link, chain
from initializers.formats.embedded_card import description
from specs.card import Card, Normalization
from specs.notice import RESEARCH_ONLY
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.run import RunSpec
from specs.settling import unsettled
from specs.task import Task

MEASURES = ("calibration", "operating_points")
"""The measures of single runs that a card tells, which read stored predictions alone."""


@dataclass(frozen=True)
class Facts:
    """A finished fine-tuning, and the table that it was chosen from.

    Attributes:
        record: the record of the run.
        task: the kind and the classes that it has learned.
        table: the table that the run was chosen from; None: the run was named by its key.
        draws: the run's score on resamples of its test patients, None where one is undefined; empty: there are none.
        numbers: the numbers of each measure of the run, by the measure's name; measures that do not fit are left out.
    """

    record: Record
    task: Task
    table: TableDocument | None = None
    draws: Sequence[float | None] = ()
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def spec(self) -> RunSpec:
        """The spec of the run, whose expressions may hold the user's own names."""
        return RunSpec.from_json(self.record.data["spec"])

    @cached_property
    def load(self) -> dict[str, Any]:
        """The load report, without the user's own names."""
        return public_load_report(self.record)

    @property
    def key(self) -> str:
        """The key of the run, 64 hexadecimal digits."""
        key: str = self.record.data["key"]
        return key

    @property
    def title(self) -> str:
        """The run in words, such as ``DRIVE, from ImageNet on ResNet-18, seed 0``."""
        return run_title(self.spec, public)

    @property
    def dataset(self) -> str:
        """The name of the dataset in words."""
        return public_title(DATASETS, self.spec.dataset)

    @property
    def network(self) -> str:
        """The name of the network in words."""
        return public_title(BACKBONES, self.spec.backbone)

    @property
    def weights(self) -> str:
        """The name of the weights that the run started from, in words."""
        return public_title(INITIALIZERS, unsettled(INITIALIZERS.bind(self.spec.initializer), self.spec.backbone))

    @cached_property
    def line(self) -> RunLine | None:
        """The run in the table; None: there is no table."""
        runs = self.table.runs if self.table is not None else ()
        return next((one for one in runs if one.key == self.key), None)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The chain of licences behind the network."""
        return chain(self.spec, self.weights, self.load["card"])

    @property
    def expression(self) -> str:
        """The shortest expression that builds the network."""
        return str(BACKBONES.short(self.spec.backbone))

    def metadata(self) -> dict[str, str]:
        """Texts for the headers of weight files: the card, by which ``file(...)`` loads them, and the notice."""
        normalization = self.record.data["normalization"]
        seen = (*self.load["card"]["training_data"], public_dataset(self.spec.dataset))
        card = Card(
            method="supervised",
            licence="; ".join(dict.fromkeys(one.licence for one in self.links if one.part == "weights")) or None,
            training_data=tuple(dict.fromkeys(seen)),
            normalization=Normalization(tuple(normalization["mean"]), tuple(normalization["std"])),
        )
        return description(card, self.expression, self.key) | {"notice": RESEARCH_ONLY}


def numbers_of(record: Record, paths: Paths) -> dict[str, Mapping[str, Any]]:
    """The numbers of the measures in ``MEASURES`` for a run; what was measured before is read from the run store.

    Args:
        record: the record of a fine-tuning.
        paths: where the run is.
    """
    spec, found = RunSpec.from_json(record.data["spec"]), dict[str, Mapping[str, Any]]()
    for name in MEASURES:
        _, measure, _ = measure_of(name)
        if measure.numbers(spec) and (not measure.reads or record.has(measure.reads)):
            (found[name],) = measured(name, [record], paths).values()
    return found
