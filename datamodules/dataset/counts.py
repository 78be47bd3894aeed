"""How many images and patients a dataset's splits hold, and how many show each class: numbers that identify no one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from datamodules.dataset.contract import SPLITS, Index
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from specs.task import Kind, Task


@dataclass(frozen=True)
class Count:
    """A number of images.

    Attributes:
        images: how many there are.
        patients: how many patients the images show; None where the dataset does not say, and each image counts as its
            own patient.
    """

    images: int
    patients: int | None

    @property
    def independent(self) -> int:
        """The number of patients, or of images where patients are not known."""
        return self.images if self.patients is None else self.patients


@dataclass(frozen=True)
class ClassCounts:
    """How many images of a split show a class. Those that are not labelled for it, or not surely, are in neither count.

    Attributes:
        name: the name of the class, or the names of several classes that together count as positive, joined by ``or``.
        positives: the numbers of images that show it, and of patients with at least one such image.
        negatives: the numbers of images that do not show it, and of patients with at least one such image. A patient
            may be in both.
    """

    name: str
    positives: Count
    negatives: Count

    @property
    def fewest(self) -> int:
        """The smaller number of patients of positives and negatives, or of images where patients are not known."""
        return min(self.positives.independent, self.negatives.independent)


@dataclass(frozen=True)
class SplitCounts:
    """The numbers of images and patients that a split holds, over all and by class.

    Attributes:
        whole: the count of all of its images.
        classes: the counts of each class in the task's order, then those of the classes that together count as
            positive, if there are such; empty for a segmentation whose label files do not say which masks are empty.
    """

    whole: Count
    classes: tuple[ClassCounts, ...]


@dataclass(frozen=True)
class Counts:
    """What a dataset holds as it is used: without what is left out, and with the used fraction of the training split.

    Attributes:
        kind: the kind of the dataset's task, such as ``binary``.
        scored: the names of the classes that the score is computed from.
        splits: the counts of each of the three splits, by name; all have the same classes.
    """

    kind: Kind
    scored: tuple[str, ...]
    splits: dict[Split, SplitCounts]

    def of_class(self, name: str) -> Counts:
        """The same counts with one class scored alone."""
        return replace(self, scored=(name,))


@dataclass(frozen=True)
class Rarest:
    """The class that fewest patients of the test split show, or the absence that fewest have.

    Attributes:
        name: the name of the class, or of the classes that together count as positive.
        shown: whether the class is rare (True) or its absence is (False).
        count: how many test images, and patients, show the class, or its absence.
    """

    name: str
    shown: bool
    count: Count


def counted(index: Index, task: Task) -> Counts:
    """Count the splits of a dataset.

    Args:
        index: the splits whose images and patients are counted.
        task: the task, which says what a target shows and which classes the score is computed from. Classes that
            together count as positive are counted together too, as one more class.
    """
    known = any(sample.patient != sample.id for split in SPLITS for sample in index.split(split))
    labelled = task.kind != "segmentation" or any(sample.target for split in SPLITS for sample in index.split(split))
    names, scored = _named(task) if labelled else ((), ())
    return Counts(task.kind, scored, {split: _counted(index.split(split), task, names, known) for split in SPLITS})


def unscored(samples: Sequence[Sample], task: Task) -> str | None:
    """Why images have no score, in words; None where they have one.

    An area under the ROC curve needs images with a class and images without it, of one scored class at least. A Dice is
    defined for any image.
    """
    if task.kind == "segmentation":
        return None
    names, scored = _named(task)
    classes = [one for one in _counted(samples, task, names, False).classes if one.name in scored]
    if any(one.positives.images and one.negatives.images for one in classes):
        return None
    if len(classes) == 1:
        (one,) = classes
        return f"it has {one.positives.images} images with {one.name} and {one.negatives.images} without"
    names = tuple(one.name for one in classes)
    return f"none of the classes {', '.join(names)} is in some of its {len(samples)} images and absent from others"


def rarest(counts: Counts) -> Rarest | None:
    """The scored class, or absence of one, that fewest test patients show; None for a segmentation."""
    if counts.kind == "segmentation":
        return None
    sides = [
        Rarest(one.name, shown, one.positives if shown else one.negatives)
        for one in counts.splits["test"].classes
        if one.name in counts.scored
        for shown in (True, False)
    ]
    return min(sides, key=lambda side: side.count.independent)


def rarer(counts: Counts) -> int:
    """How many test patients show the rarest class or absence: too few of them say nothing of new patients.

    Returns:
        Of the scored classes' positives and negatives in the test split, the smallest number of patients, or of images
        where patients are not known; 0 if a class is in none or in all of them, even where other classes have a score.
        Of a segmentation, the number of all test patients.
    """
    found = rarest(counts)
    return (counts.splits["test"].whole if found is None else found.count).independent


def step_of(counts: Counts) -> float:
    """The step to which a score of the test split is rounded, since over finitely many images it takes few values.

    An AUROC over P and N images is a multiple of 1 / (P N), but for ties. That of several classes is their mean, whose
    rounding has the standard deviation of a single score with the step that is given back.

    Returns:
        The step on the scale of scores, in [0, 1]; 0 for a segmentation, whose Dice over many pixels is practically
        continuous, and where no class has a score.
    """
    classes = [one for one in counts.splits["test"].classes if one.name in counts.scored]
    pairs = [one.positives.images * one.negatives.images for one in classes]
    defined = [1 / number for number in pairs if number]
    if counts.kind == "segmentation" or not defined:
        return 0.0
    return math.sqrt(sum(step**2 for step in defined)) / len(defined)


def _named(task: Task) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what is counted: classes, and those that are positive together; and of these the scored ones."""
    if not task.positives:
        return task.classes, task.scored
    together = " or ".join(part for part in (", ".join(task.positives[:-1]), task.positives[-1]) if part)
    return (*task.classes, together), (together,)


def _counted(samples: Sequence[Sample], task: Task, names: Sequence[str], known: bool) -> SplitCounts:
    """The counts of one split.

    Args:
        samples: the samples of the split.
        task: the task, which says what a target shows.
        names: the names of what is counted: the classes and, as the last one, those that together count as positive, if
            there are such.
        known: whether the dataset says whom the images show.
    """
    images: Counter[tuple[int, bool]] = Counter()
    whose: dict[tuple[int, bool], set[str]] = {}
    by_target: dict[tuple[float, ...], list[Sample]] = {}  # there are few different targets
    for sample in samples:
        by_target.setdefault(sample.target, []).append(sample)
    for target, alike in by_target.items():
        patients = {sample.patient for sample in alike} if known else set()
        for answer in _answers(target, task):
            images[answer] += len(alike)
            if known:
                whose.setdefault(answer, set()).update(patients)

    def count(number: int, shown: bool) -> Count:
        return Count(images[number, shown], len(whose.get((number, shown), ())) if known else None)

    whole = Count(len(samples), len({sample.patient for sample in samples}) if known else None)
    found = [ClassCounts(name, count(number, True), count(number, False)) for number, name in enumerate(names)]
    if task.kind == "multiclass":
        classes = Counter(patient for number in range(len(task.classes)) for patient in whose.get((number, True), ()))
        for number, one in enumerate(found[: len(task.classes)]):
            alone = sum(classes[patient] == 1 for patient in whose.get((number, True), ()))
            others = None if whole.patients is None else whole.patients - alone
            found[number] = replace(one, negatives=Count(whole.images - one.positives.images, others))
    return SplitCounts(whole, tuple(found))


def _answers(target: Sequence[float], task: Task) -> Iterator[tuple[int, bool]]:
    """The number of each class that a target labels, and whether the class is there.

    Of exactly one of many classes only that one, and whether it is among those that count as positive.
    """
    if task.kind == "multiclass":
        number = int(target[0])
        yield number, True
        if task.positives:
            yield len(task.classes), task.classes[number] in task.positives
    else:
        for number, value in enumerate(target):
            if value in (0, 1):
                yield number, value == 1
