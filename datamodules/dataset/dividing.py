"""Fixed divisions of patients: by strata, with each label in every split as far as patients permit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, draw, positions
from specs.task import Task

ANY = "are there"
"""The label that every sample has. Labels are predicates of patients, such as ``show edema``, for use in sentences."""

FIRST: tuple[Split, ...] = ("train", "test", "validation")
"""The order in which splits get the patients of a label that has too few of them: what no image teaches cannot be
tested, and what no image tests stays unknown, whatever epochs are selected by."""

TOLERANCE = 2
"""By how many patients validation and test may differ from what is asked for, since each stratum is rounded."""

LONGEST, WIDEST = 3, 8
"""How many patients are moved in a row to fill one gap, and how many are tried for each move, at most."""


def divide(
    samples: Sequence[Sample], task: Task, salt: str, validation: float = 0.1, test: float = 0.1
) -> dict[Split, list[Sample]]:
    """A fixed patient-wise division by strata, mended where a split lacks a label that it could have.

    A label is a class or, where an answer is yes or no, its absence. One of three or more patients is in every split,
    as far as patients permit who have several; one of two patients is in train and test, one of a single patient in
    train.

    Args:
        samples: the samples that are divided among the splits.
        task: the task, which says which class a target shows.
        salt: a text that names the division; another text gives another division.
        validation: the share of the patients that is for validation, in [0, 1].
        test: the share of the patients that is for the test, in [0, 1].
    """
    places = positions(samples, task, f"{salt}-split")
    drawn: dict[str, Split] = {
        patient: "test" if place < test else "validation" if place < test + validation else "train"
        for patient, place in places.items()
    }
    asked: dict[Split, float] = {"validation": validation * len(drawn), "test": test * len(drawn)}
    order = {patient: draw(patient, f"{salt}-split") for patient in drawn}
    divided = spread(drawn, held_by(samples, task), asked, order)
    splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
    for sample in samples:
        splits[divided[sample.patient]].append(sample)
    return splits


def labels_of(sample: Sample, task: Task) -> list[str]:
    """The labels of a sample: the classes that it shows and, where an answer is yes or no, those that it does not.

    An image that is not labelled for a class has neither of the two. Classes that together count as positive are a
    label of their own.
    """
    if task.kind == "multiclass":
        name = task.classes[int(sample.target[0])]
        return [f"show {name}", *([group(name in task.positives)] if task.positives else [])]
    words = {1: "show", 0: "are without"}
    # Where label files do not say whether a mask is empty, there is no target.
    said = zip(task.classes, sample.target, strict=bool(sample.target))
    return [f"{words[int(value)]} {name}" for name, value in said if value in words]


def group(positive: bool) -> str:
    """The label of images that show one of the classes that together count as positive, or none of them."""
    return f"show {'a' if positive else 'no'} positive class"


def held_by(samples: Sequence[Sample], task: Task) -> dict[str, Counter[str]]:
    """For each patient, how many of the images have each label; the label ``ANY`` counts all of them."""
    held: dict[str, Counter[str]] = {}
    labels: dict[tuple[float, ...], list[str]] = {}  # of few different targets
    for sample in samples:
        if sample.target not in labels:
            labels[sample.target] = [ANY, *labels_of(sample, task)]
        held.setdefault(sample.patient, Counter()).update(labels[sample.target])
    return held


def spread(
    drawn: Mapping[str, Split],
    held: Mapping[str, Counter[str]],
    asked: Mapping[Split, float],
    order: Mapping[str, str],
) -> dict[str, Split]:
    """A division in which every label of three or more patients is in all splits, if no two labels exclude it.

    A label of two patients is in train and test, one of a single patient in train. What is drawn is kept wherever
    nothing is amiss: few patients are moved, and none of a division that has all labels in all splits and its sizes.

    Args:
        drawn: the split that was drawn for each patient.
        held: for each patient, how many images have each label; ``ANY`` is the label of every image.
        asked: how many patients the validation and test splits should have.
        order: a random text for each patient, which decides between patients who fit equally well.

    Returns:
        The split of each patient.
    """
    division = _Division(drawn, held, asked, order)
    while division.mend_one():
        pass
    for split in asked:
        division.resize(split)
    return division.place


class _Division:
    """A division of patients into splits, with the labels that each split lacks, that is improved step by step."""

    def __init__(
        self,
        drawn: Mapping[str, Split],
        held: Mapping[str, Counter[str]],
        asked: Mapping[Split, float],
        order: Mapping[str, str],
    ) -> None:
        self.place, self.held, self.asked, self.order = dict(drawn), held, asked, order
        self.having: dict[str, list[str]] = {}
        for patient, labels in held.items():
            for label in labels:
                self.having.setdefault(label, []).append(patient)
        self.total = {label: len(patients) for label, patients in self.having.items()}
        self.count: Counter[tuple[str, Split]] = Counter()
        for label, patients in self.having.items():
            for split, number in Counter(map(drawn.__getitem__, patients)).items():
                self.count[label, split] = number

    def wanted(self, label: str) -> tuple[Split, ...]:
        """The splits that a label is to be in."""
        return FIRST[: self.total[label]]

    def lacking(self) -> list[tuple[str, Split]]:
        """Labels and the splits that lack them, the rarest first."""
        labels = sorted(self.total, key=lambda label: (self.total[label], label))
        return [(label, split) for label in labels for split in self.wanted(label) if not self.count[label, split]]

    def cost(self, patient: str, to: Split) -> int:
        """How many more labels are lacking in some split once a patient is moved; negative where fewer are."""
        own, found = self.place[patient], 0
        for label in self.held[patient]:
            wanted = self.wanted(label)
            found += (own in wanted and self.count[label, own] == 1) - (to in wanted and not self.count[label, to])
        return found

    def move(self, patient: str, to: Split) -> None:
        """Put a patient into another split."""
        for label in self.held[patient]:
            self.count[label, self.place[patient]] -= 1
            self.count[label, to] += 1
        self.place[patient] = to

    def mend_one(self) -> bool:
        """Move a patient, and others after it, so that fewer labels are lacking; returns whether that was possible."""
        return any(
            self._mended(label, split, 0, frozenset(), length)
            for length in range(1, LONGEST + 1)
            for label, split in self.lacking()
        )

    def _mended(self, label: str, split: Split, cost: int, moved: frozenset[str], length: int) -> bool:
        """Move a patient of a label to a split, and then others into the gaps that this leaves.

        Args:
            label: the label that the split lacks.
            split: the split that a patient with the label is moved to.
            cost: how many more labels are lacking by the moves so far.
            moved: the patients of the moves so far.
            length: how many moves are left.

        Returns:
            Whether less is lacking than before the first move; if not, nothing is moved.
        """
        for patient in [one for one in self._movable(label, split) if one not in moved][:WIDEST]:
            own, now = self.place[patient], cost + self.cost(patient, split)
            gaps = [one for one in self.held[patient] if own in self.wanted(one) and self.count[one, own] == 1]
            self.move(patient, split)
            if now < 0 or (
                length > 1 and any(self._mended(one, own, now, moved | {patient}, length - 1) for one in sorted(gaps))
            ):
                return True
            self.move(patient, own)
        return False

    def _movable(self, label: str, to: Split) -> list[str]:
        """The patients with a label outside a split, those first whose move costs least."""
        sizes = Counter(self.place.values())
        beyond = {split: sizes[split] - self.asked.get(split, 0) for split in FIRST}
        found = [one for one in self.having[label] if self.place[one] != to]
        return sorted(found, key=lambda one: (self.cost(one, to), -beyond[self.place[one]], self.order[one]))

    def resize(self, split: Split) -> None:
        """Exchange patients with train until a split has the size that was asked for, as far as it loses no label."""
        rarest: dict[str, str] = {}

        def crowded(patient: str) -> float:
            """The share of the patient's rarest label that the split has."""
            if patient not in rarest:
                rarest[patient] = min(self.held[patient], key=lambda label: (self.total[label], label))
            return self.count[rarest[patient], split] / self.total[rarest[patient]]

        while (excess := self.count[ANY, split] - self.asked[split]) > TOLERANCE or excess < -TOLERANCE:
            own, to, sign = (split, "train", -1) if excess > 0 else ("train", split, 1)
            free = (one for one in self._in(own) if self.cost(one, to) <= 0)  # type: ignore[arg-type]
            chosen = min(free, key=lambda one: (sign * crowded(one), self.order[one]), default=None)
            if chosen is None:
                return
            self.move(chosen, to)  # type: ignore[arg-type]

    def _in(self, split: Split) -> Iterator[str]:
        return (patient for patient, place in self.place.items() if place == split)
