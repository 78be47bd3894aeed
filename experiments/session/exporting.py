"""The network of a finished fine-tuning, written for use elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.exporting.export import Formats, check_folder, write_export
from experiments.exporting.facts import Facts, numbers_of
from experiments.measures.measuring.measured import RESAMPLES
from experiments.run.restored import learned_task
from experiments.run.store import Record
from experiments.session.chosen_runs import ChosenRuns, chosen_runs
from experiments.session.context import Context
from experiments.session.documents import drawn_anew
from specs.errors import DataError, UsageError
from specs.run import RunSpec


@dataclass(frozen=True)
class Exported:
    """A trained network that was written for use elsewhere.

    Attributes:
        record: the record of the run.
        folder: the folder that was written.
        title: the run in words, without names of the user's folders and files.
        files: the sha256 of each file of the folder, by its path there.
    """

    record: Record
    folder: Path
    title: str
    files: dict[str, str]

    @property
    def key(self) -> str:
        """The run's key, 64 hexadecimal digits."""
        key: str = self.record.data["key"]
        return key

    def to_json(self) -> dict[str, Any]:
        """The export as plain data."""
        return {"run": self.key, "title": self.title, "folder": str(self.folder), "files": self.files}


def exported_network(
    named: str,
    folder: Path,
    context: Context,
    *,
    row: str | None,
    column: str | None,
    seed: int | None,
    formats: Formats,
) -> Exported:
    """Write the network of a run into a folder with a model card.

    Args:
        named: the file of a table, or the beginning of a run's key.
        folder: the folder to write, which is not there yet or empty.
        context: the session's settings, which say where runs and data are.
        row: the label of a row of the table; None: the one that ``chosen_runs`` takes.
        column: the label of a column of the table; None: the only one.
        seed: the seed of the run that is taken of a table's row; None: the lowest.
        formats: the forms of the network that are wanted beside safetensors.

    Raises:
        MedtransferError: if nothing can be exported; its class tells the kind of the error.
    """
    check_folder(folder)
    chosen = chosen_runs(named, context.paths.runs, row, column)
    record = _of_seed(chosen, seed)
    draws: list[float | None] = []
    try:
        (draws,) = drawn_anew([record], RESAMPLES, context).values()
    except DataError as error:
        context.say(f"the card tells no interval over test patients: {error}")
    facts = Facts(record, learned_task(record), chosen.table, draws, numbers_of(record, context.paths))
    files = write_export(facts, folder, formats)
    return Exported(record, folder, facts.title, files)


def _of_seed(chosen: ChosenRuns, seed: int | None) -> Record:
    """The run of a seed; without one that of the lowest, since picking a run by its score would make the score a lie.

    Raises:
        UsageError: if no run has the seed; it names those that there are.
    """
    if seed is None:
        return chosen.records[0]
    seeds = [RunSpec.from_json(record.data["spec"]).seed for record in chosen.records]
    if seed not in seeds:
        there = ", ".join(str(one) for one in dict.fromkeys(seeds))
        raise UsageError(f"no run of seed {seed} is among those that are meant; their seeds are {there}. Name one.")
    return chosen.records[seeds.index(seed)]
