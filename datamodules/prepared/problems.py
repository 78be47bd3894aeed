"""What is wrong with a prepared dataset's images, and the list of it that a user has accepted."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.sample import Sample
from datamodules.prepared.storage import Prepared
from datamodules.slicing.sliced import Sliced
from specs.errors import DataError
from specs.files import write_text

PROBLEMS, ACCEPTED = "problems.csv", "accepted.csv"


class Problem(NamedTuple):
    """An image that training should not use as it is, and what is done about it.

    Attributes:
        id: the id of the sample.
        split: the name of the split that the sample is in.
        kind: what is wrong: ``unreadable``, ``duplicate`` (the same pixels and label as another image) or
            ``mislabelled`` (the same pixels as another image, and another label).
        other: the id of the image with the same pixels, or why the image cannot be read.
        action: what is done about it: ``left out``, or ``kept`` in the test split, whose membership is the publishers'.
        path: the path of the image's file.
    """

    id: str
    split: str
    kind: str
    other: str
    action: str
    path: str

    @property
    def reason(self) -> str:
        """Why it is left out, without any path, as it enters a run's identity."""
        return self.kind if self.kind == "unreadable" else f"{self.kind} of {self.other}"


class _Unit(NamedTuple):
    """What is held against others as a whole: an image, or all slices of a volume.

    Attributes:
        split: the name of the split that it is in.
        samples: the readable images in the order of the split, one or more.
        labels: the label of each image, and the digest of its mask.
    """

    split: str
    samples: list[Sample]
    labels: list[tuple[tuple[float | None, ...], bytes]]


def find_problems(dataset: Dataset, root: Path, index: Index, prepared: Prepared) -> list[Problem]:
    """All problems of the images in a dataset's splits, in the order of splits and samples.

    Of images with the same pixels and label the first one stays, test before validation before training. Of images
    with the same pixels and different labels, those in validation and training are all left out, since none of the
    labels can be trusted. Volumes are compared as wholes, since different ones have slices in common that show nothing.
    """
    problems: dict[str, Problem] = {}
    groups: dict[bytes, list[_Unit]] = {}
    for split in ("test", "validation", "train"):
        samples = index.split(split)
        rows = prepared.rows(samples, type(dataset).__name__)
        readable, digests = prepared.parts[rows] > 0, prepared.digests[rows]
        units: dict[str, _Unit] = {}
        pixels: dict[str, bytes] = {}
        for number, sample in enumerate(samples):
            if readable[number]:
                name = dataset.volume_of(sample) if isinstance(dataset, Sliced) else sample.id
                unit = units.setdefault(name, _Unit(split, [], []))
                unit.samples.append(sample)
                unit.labels.append((_plain(sample.target), digests[number, 1].tobytes()))
                pixels[name] = pixels.get(name, b"") + digests[number, 0].tobytes()
            else:
                why = prepared.unreadable[sample.id]
                path = str(dataset.files(root, sample)[0])
                problems[sample.id] = Problem(sample.id, split, "unreadable", why, "left out", path)
        for name, unit in units.items():
            groups.setdefault(pixels[name], []).append(unit)
    for group in groups.values():
        if len(group) > 1:
            problems |= {problem.id: problem for problem in _of_group(dataset, root, group)}
    order = [sample.id for split in SPLITS for sample in index.split(split)]
    return [problems[name] for name in order if name in problems]


def _of_group(dataset: Dataset, root: Path, group: Sequence[_Unit]) -> Iterable[Problem]:
    """The problems of units with the same pixels."""
    alike = all(unit.labels == group[0].labels for unit in group)
    for place, unit in enumerate(group):
        if alike and place == 0:
            continue
        kind = "duplicate" if alike else "mislabelled"
        others = (group[0] if place else group[1]).samples
        action = "kept" if unit.split == "test" else "left out"
        for sample, other in zip(unit.samples, others, strict=True):
            yield Problem(sample.id, unit.split, kind, other.id, action, str(dataset.files(root, sample)[0]))


def _plain(target: tuple[float, ...]) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else value for value in target)


def left_out(problems: Iterable[Problem]) -> dict[str, str]:
    """The ids of the images that are left out, each with the reason."""
    return {problem.id: problem.reason for problem in problems if problem.action == "left out"}


def write_problems(problems: Iterable[Problem], path: Path) -> None:
    """Write a list of problems as CSV, with a header."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(Problem._fields)
    table.writerows(problems)
    write_text(path, text.getvalue())


def accepted(folder: Path) -> set[tuple[str, str]]:
    """The id and the reason of each problem that a user has accepted.

    Raises:
        DataError: if the list is damaged.
    """
    path = folder / ACCEPTED
    if not path.is_file():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.reader(file))
    if not table or tuple(table[0]) != Problem._fields or any(len(row) != len(Problem._fields) for row in table):
        raise DataError(f"{path} is not a list that `medtransfer prepare` wrote. Delete it, and accept again.")
    return {(problem.id, problem.reason) for problem in map(Problem._make, table[1:])}
