"""Splits by patient: places of patients by strata, users' lists, and nested fractions of a training split.

All draws are hashes of patients' names, so that nothing depends on the order of files or on a random state.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from datamodules.dataset.sample import Sample
from datamodules.files.texts import words
from specs.errors import DataError
from specs.quoting import plain
from specs.task import Task

GAPS = re.compile(r"[\s,]+")
"""What separates the cells of a user's list."""

Split = Literal["train", "validation", "test"]

LIST_NAMES: dict[Split, tuple[str, ...]] = {
    "train": ("train.txt",),
    "validation": ("validation.txt", "val.txt", "valid.txt"),
    "test": ("test.txt",),
}

WORDS: dict[Split, str] = {"train": "train", "validation": "val", "test": "test"}
"""What a list's name contains where a folder has none of ``LIST_NAMES``, such as ``Xray14_val_official.txt`` in
BenchmarkTransferLearning."""


def below(share: float, text: str) -> bool:
    """Whether a text is among a pseudo-random share of all texts, by its hash alone."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) < share * 16**12


def classes_of(target: Sequence[float], task: Task) -> list[int]:
    """The numbers of the classes that a target shows."""
    if task.kind == "multiclass":
        return [int(target[0])]
    return [number for number, value in enumerate(target) if value == 1]


def draw(patient: str, salt: str) -> str:
    """A patient's random number, in hexadecimal, for one purpose, which the salt names."""
    return hashlib.sha256(f"{salt}:{patient}".encode()).hexdigest()


def positions(samples: Iterable[Sample], task: Task, salt: str) -> dict[str, float]:
    """A position in (0, 1) for every patient, such that any interval holds about the same share of every stratum.

    A patient's stratum is the rarest class that any of its images shows. Patients are listed by place.
    """
    shown: dict[str, set[int]] = {}
    classes: dict[tuple[float, ...], list[int]] = {}  # of few different targets
    for sample in samples:
        if sample.target not in classes:
            classes[sample.target] = classes_of(sample.target, task)
        shown.setdefault(sample.patient, set()).update(classes[sample.target])
    counts = Counter(number for numbers in shown.values() for number in numbers)
    strata: dict[int, list[str]] = {}
    for patient, numbers in shown.items():
        stratum = min(numbers, key=lambda number: (counts[number], number)) if numbers else -1
        strata.setdefault(stratum, []).append(patient)
    drawn = {patient: draw(patient, salt) for patient in shown}
    placed = {}
    for patients in strata.values():
        for rank, patient in enumerate(sorted(patients, key=drawn.__getitem__)):
            placed[patient] = (rank + 0.5) / len(patients)
    return dict(sorted(placed.items(), key=lambda item: (item[1], drawn[item[0]])))


def portion(samples: Sequence[Sample], task: Task, fraction: float, salt: str) -> tuple[Sample, ...]:
    """The samples of a share of the patients, nested: those of a smaller share are among those of a larger one.

    However small the share, the first patients show every class, and for yes/no classes its absence too, so that
    there is something to learn of each.

    Args:
        samples: the samples of the whole training split.
        task: the task, which says which class a target shows.
        fraction: the share of the patients, in (0, 1].
        salt: a text that names the order of the patients; another text gives another order.
    """
    order = list(positions(samples, task, f"{salt}-fraction"))
    ranks = {patient: rank for rank, patient in enumerate(order)}
    first: dict[tuple[int, bool], str] = {}
    for sample in sorted(samples, key=lambda sample: ranks[sample.patient]):
        shown = set(classes_of(sample.target, task))
        absent = set() if task.kind == "multiclass" else {n for n, value in enumerate(sample.target) if value == 0}
        for key in [(number, True) for number in shown] + [(number, False) for number in absent]:
            first.setdefault(key, sample.patient)
    covering = sorted(set(first.values()), key=ranks.__getitem__)
    order = covering + [patient for patient in order if patient not in set(covering)]
    count = max(len(covering), math.floor(fraction * len(order) + 0.5), 1)
    chosen = set(order[:count])
    return tuple(sample for sample in samples if sample.patient in chosen)


Groups = Mapping[str, Sequence[Sample]]
"""The samples of one thing that a list may name as a whole, such as a volume, by its name."""


def listed(folder: Path, samples: Sequence[Sample], groups: Groups | None = None) -> dict[Split, list[Sample]]:
    """The splits that a user's lists name, in their order; samples that no list names are left out.

    A line is an image's name, then its labels or nothing, separated by spaces or commas (the benchmark's own format:
    BenchmarkTransferLearning, folder ``dataset``). Labels must agree with the dataset's. An image may be named by its
    id, or by the end of its id or source from a slash on, where that is unique.

    Args:
        folder: the folder of the lists.
        samples: the samples that the dataset has.
        groups: what lines may name too, each for all of its samples; None: images alone.

    Raises:
        DataError: names the file and the line that does not fit.
    """
    names = _names_of(samples)
    for group, own in (groups or {}).items():
        names[group] = names.get(group) or tuple(own)
    with_gaps = {name for name in names if GAPS.search(name)}
    splits: dict[Split, list[Sample]] = {}
    for split, files in LIST_NAMES.items():
        path = _list_of(folder, split, files)
        splits[split] = []
        for number, line in words(path):
            if cells := _cells(line, with_gaps):
                splits[split] += _listed_samples(names, cells, f"{path}, line {number}", groups is not None)
    return splits


def _list_of(folder: Path, split: Split, files: Sequence[str]) -> Path:
    """The list of a split in a folder: of one of its usual names, or the only text file whose name says the split.

    Raises:
        DataError: if there is none, or there are several.
    """
    if (usual := next((folder / name for name in files if (folder / name).is_file()), None)) is not None:
        return usual
    said = sorted(path for path in folder.glob("*.txt") if WORDS[split] in path.name.lower())
    if len(said) == 1:
        return said[0]
    found = sorted(file.name for file in folder.iterdir())[:8] if folder.is_dir() else "no such folder"
    raise DataError(
        f"split lists: {folder} has no {' or '.join(files)}, nor a single *{WORDS[split]}*.txt; found "
        f"{found or 'nothing'}. Expected train.txt, validation.txt and test.txt, one image a line, then its labels or "
        "nothing."
    )


Named = dict[str, tuple[Sample, ...]]
"""The samples that a name in a list stands for; none where it could mean several images."""


def _names_of(samples: Sequence[Sample]) -> Named:
    """The names by which lists may call images."""
    names: Named = {}
    for sample in samples:
        for whole in {sample.id, sample.source}:
            parts = whole.split("/")
            for start in range(len(parts)):
                name = "/".join(parts[start:])
                # An exact id wins over the end of another one; an end that two images share names none.
                if start == 0 or name not in names:
                    names[name] = (sample,)
                elif names[name] != (sample,):
                    names[name] = ()
    return names


def _cells(line: str, with_gaps: Collection[str]) -> list[str]:
    """The name of the image in a line of a list, then its labels.

    Args:
        line: one line of a user's list, without surrounding spaces.
        with_gaps: the names of images that hold spaces or commas; the longest of them that begins the line is taken.
    """
    for end in (len(line), *(gap.start() for gap in reversed([*GAPS.finditer(line)]))) if with_gaps else ():
        if line[:end] in with_gaps:
            return [line[:end], *GAPS.sub(" ", line[end:]).split()]
    return GAPS.sub(" ", line).split()


def _listed_samples(names: Named, cells: list[str], where: str, grouped: bool) -> tuple[Sample, ...]:
    """The samples that a line of a list stands for."""
    samples = names.get(cells[0], ())
    if not samples:
        known = "slices, cases or patients" if grouped else "labelled images"
        why = "names more than one image" if cells[0] in names else f"is not among the dataset's {known}"
        remedy = "Name a case, a patient, or a slice by its id" if grouped else "Name an image by its id"
        raise DataError(f"{where}: {plain(cells[0])} {why}. {remedy}, and remove what is not there.")
    if len(cells) > 1:
        _check_labels(samples, cells, where)
    return samples


def _check_labels(samples: Sequence[Sample], cells: list[str], where: str) -> None:
    """Refuse labels of a line that are no numbers, or not those of the dataset."""
    try:
        given = tuple(float(cell) for cell in cells[1:])
    except ValueError:
        raise DataError(
            f"{where}: the labels {plain(cells[1:])} are not all numbers. Write numbers or nothing."
        ) from None
    for known in dict.fromkeys(sample.target for sample in samples):
        if len(given) != len(known) or any(
            not math.isnan(own) and own != value for own, value in zip(known, given, strict=True)
        ):
            raise DataError(
                f"{where}: the list labels {cells[0]} as {list(given)}, the dataset as {list(known)}. Mend one of them."
            )
