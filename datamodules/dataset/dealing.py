"""Dealing patients to folds: whole patients, evenly by label, the same on every machine and in any order of samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from datamodules.dataset.dividing import ANY, group, held_by
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import draw
from specs.errors import UsageError
from specs.fold import FEWEST
from specs.task import Task

Held = Mapping[str, Counter[str]]
"""For each patient, how many of the images have each label."""


def deal(samples: Sequence[Sample], task: Task, folds: int) -> dict[str, int]:
    """The number of the fold of each patient, from 0.

    Labels are classes and, where an answer is yes or no, their absence; an image that is not labelled has neither.
    Patients are dealt by strata (the rarest label that any of their images has), the rarest first, and of a stratum
    those with the most images first. Each goes to a fold that has the fewest patients of the stratum, of those to one
    that has the fewest patients, of those to one that has the smallest shares of the patient's labels, as iterative
    stratification goes about it (Sechidis et al. 2011, https://doi.org/10.1007/978-3-642-23808-6_10). So two folds
    differ by at most one patient, in each stratum and over all.

    Args:
        samples: the samples of all patients; where patients are not known, each image counts as one.
        task: the task, which says what a target means.
        folds: how many folds there are, 3 or more.

    Raises:
        UsageError: if there are too few patients, over all or of a label without which a score is undefined, for each
            fold to have one.
    """
    held = held_by(samples, task)
    totals = sum(held.values(), Counter[str]())
    given, patients = [Counter[str]() for _ in range(folds)], [0] * folds
    dealt: dict[str, int] = {}
    for stratum in _strata(held):
        had = [0] * folds
        for *_, patient in sorted((-held[one][ANY], draw(one, f"{folds}-folds"), one) for one in stratum):
            own = [(label, count / totals[label] ** 2) for label, count in sorted(held[patient].items())]
            fewest = min(zip(had, patients, strict=True))
            open_to = [one for one in range(folds) if (had[one], patients[one]) == fewest]
            crowded = [(sum(given[one][label] * share for label, share in own), one) for one in open_to]
            fold = dealt[patient] = min(crowded)[1]
            had[fold] += 1
            patients[fold] += 1
            given[fold].update(held[patient])
    _check(held, task, folds, dealt)
    return dealt


def _needed(task: Task) -> list[str]:
    """The labels that a test split must have for its score to be defined."""
    if task.kind == "segmentation":
        return [ANY]
    if task.positives:
        return [ANY, group(True), group(False)]
    words = ("show",) if task.kind == "multiclass" else ("show", "are without")
    return [ANY, *(f"{word} {name}" for name in task.scored for word in words)]


def _strata(held: Held) -> list[list[str]]:
    """The patients by their rarest label, the rarest first."""
    counts = Counter(label for labels in held.values() for label in labels)
    found: dict[tuple[int, str], list[str]] = {}
    for patient, labels in held.items():
        found.setdefault(min((counts[label], label) for label in labels), []).append(patient)
    return [found[stratum] for stratum in sorted(found)]


def _check(held: Held, task: Task, folds: int, dealt: Mapping[str, int]) -> None:
    """Refuse a division in which the score of some fold would be undefined.

    Raises:
        UsageError: names what is too rare, how often it is there, and what to do.
    """
    for label in _needed(task):
        having = [patient for patient, labels in held.items() if label in labels]
        lacking = folds - len({dealt[patient] for patient in having})
        if not lacking:
            continue
        if len(having) < FEWEST:
            remedy = "Leave the folds out, which takes the dataset's own splits, or add patients."
        else:
            remedy = f"Take fewer folds, at most {min(len(having), folds - 1)}, or add patients."
        raise UsageError(
            f"{folds} folds are too many: the number of patients who {label} is {len(having)}, and a fold without any "
            f"of them cannot be scored ({lacking} of {folds}). {remedy}"
        )
