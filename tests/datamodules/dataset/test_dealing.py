"""Dealing patients to folds: everyone once, whole, evenly by class, whatever the order of the samples."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.dataset.dealing import deal
from datamodules.dataset.sample import Sample
from specs.errors import UsageError
from specs.task import Kind, Task

TASKS: dict[Kind, Task] = {
    "binary": Task("binary", ("ill",)),
    "multiclass": Task("multiclass", ("a", "b", "c")),
    "multilabel": Task("multilabel", ("a", "b", "c", "d")),
    "segmentation": Task("segmentation", ("lung",)),
}


def film(patient: int, number: int, *target: float) -> Sample:
    return Sample(f"{patient}-{number}", f"p{patient}", target, "")


def full(task: Task, folds: int, patients: int = 0) -> list[Sample]:
    """Patients of one image each, as many of each kind as there are folds, so that any dealing can do it."""
    if task.kind == "segmentation":
        kinds: list[tuple[float, ...]] = [()]
    elif task.kind == "multiclass":
        kinds = [(float(number),) for number in range(len(task.classes))]
    else:
        width = len(task.classes)
        kinds = [tuple(float(one == place) for place in range(width)) for one in range(width + 1)]
    return [film(patients + i, 0, *kind) for i, kind in enumerate(kind for kind in kinds for _ in range(folds))]


@st.composite
def datasets(draw: st.DrawFn) -> tuple[list[Sample], Task, int]:
    """Patients with a few images each, beside enough plain ones for every fold to have a score."""
    task, folds = TASKS[draw(st.sampled_from(sorted(TASKS)))], draw(st.integers(3, 6))
    one: st.SearchStrategy[tuple[float, ...]]
    if task.kind == "segmentation":
        one = st.just(())
    elif task.kind == "multiclass":
        one = st.tuples(st.sampled_from([0.0, 1.0, 2.0]))
    else:
        one = st.tuples(*[st.sampled_from([0.0, 1.0, math.nan, -1.0]) for _ in task.classes])
    shown = draw(st.lists(st.lists(one, min_size=1, max_size=4), max_size=25))
    samples = [film(patient, i, *target) for patient, those in enumerate(shown) for i, target in enumerate(those)]
    return samples + full(task, folds, len(shown)), task, folds


def stratum_of(patient: str, samples: Sequence[Sample], task: Task) -> tuple[int, int] | None:
    """The rarest label that a patient has, as (class, value), by counting."""
    if task.kind == "multiclass":
        having = {(n, 1): {s.patient for s in samples if s.target[0] == n} for n in range(len(task.classes))}
    else:
        places = [(n, value) for n in range(len(task.classes)) for value in (0, 1)]
        having = {(n, v): {s.patient for s in samples if s.target and s.target[n] == v} for n, v in places}
    words = {1: "show", 0: "are without"}
    own = [label for label in having if patient in having[label]]
    order = {label: (len(having[label]), f"{words[label[1]]} {task.classes[label[0]]}") for label in own}
    return min(own, key=order.__getitem__) if own else None


@settings(max_examples=40)
@given(datasets())
def test_every_patient_is_dealt_and_strata_and_folds_are_even_within_one(made: tuple[list[Sample], Task, int]) -> None:
    samples, task, folds = made
    dealt = deal(samples, task, folds)
    assert set(dealt) == {sample.patient for sample in samples}
    assert set(dealt.values()) <= set(range(folds))
    strata = {patient: stratum_of(patient, samples, task) for patient in dealt}
    for stratum in {*strata.values(), "all"}:
        counts = Counter(fold for patient, fold in dealt.items() if stratum in (strata[patient], "all"))
        assert max(counts.values()) - min(counts[fold] for fold in range(folds)) <= 1


@settings(max_examples=40)
@given(datasets(), st.randoms(use_true_random=False))
def test_the_order_of_the_samples_changes_nothing(made: tuple[list[Sample], Task, int], drawn: random.Random) -> None:
    samples, task, folds = made
    mixed = list(samples)
    drawn.shuffle(mixed)
    assert deal(mixed, task, folds) == deal(samples, task, folds)


def test_it_is_the_same_on_every_machine_and_ever_after() -> None:
    samples = [film(n, image, float(n % 3 == 0)) for n in range(12) for image in range(1 + n % 2)]
    dealt = deal(samples, TASKS["binary"], 3)
    assert "".join(str(dealt[f"p{n}"]) for n in range(12)) == "201120211002"


def test_another_number_of_folds_is_another_draw() -> None:
    samples = full(TASKS["binary"], 60)
    three, six = (deal(samples, TASKS["binary"], folds) for folds in (3, 6))
    assert any(three[one] == three[other] and six[one] % 3 != six[other] % 3 for one in three for other in three)


def test_images_are_as_even_as_whole_patients_let_them_be() -> None:
    sizes = [9, 8, 7, 6, 5, 5, 4, 3, 2, 1]
    samples = [film(patient, number) for patient, size in enumerate(sizes) for number in range(size)]
    dealt = deal(samples, TASKS["segmentation"], 5)
    assert set(Counter(dealt[sample.patient] for sample in samples).values()) == {10}


def test_common_classes_are_spread_among_the_patients_of_a_rarer_one() -> None:
    task = Task("multilabel", ("rare", "common"))
    samples = [film(patient, 0, 1, float(patient % 2)) for patient in range(10)]
    samples += [film(10 + patient, 0, 0, float(patient < 30)) for patient in range(40)]
    dealt = deal(samples, task, 5)
    common = Counter(dealt[sample.patient] for sample in samples if sample.target[1])
    assert set(common.values()) == {7}
    assert set(Counter(dealt[f"p{patient}"] for patient in range(1, 10, 2)).values()) == {1}


@pytest.mark.parametrize(
    ("samples", "task", "message"),
    [
        ([film(n, 0) for n in range(4)], TASKS["segmentation"], r"who are there is 4.*\(1 of 5\).*at most 4, or add"),
        ([], TASKS["segmentation"], "patients who are there is 0.*Leave the folds out"),
        (
            [film(n, 0, float(n < 3)) for n in range(20)],
            TASKS["binary"],
            r"5 folds are too many: the number of patients who show ill is 3, and a fold without any of them cannot be "
            r"scored \(2 of 5\). "
            "Take fewer folds, at most 3, or add patients.",
        ),
        ([film(n, 0, float(n < 2)) for n in range(20)], TASKS["binary"], "who show ill is 2.*Leave the folds out"),
        ([film(n, 0, float(n > 3)) for n in range(20)], TASKS["binary"], "who are without ill is 4.*at most 4"),
        ([film(n, i, float(n < 1)) for n in range(9) for i in range(9)], TASKS["binary"], "patients who show ill is 1"),
        ([film(n, 0, float(n % 2)) for n in range(20)], TASKS["multiclass"], "patients who show c is 0"),
        (
            [film(n, 0, float(n < 4), 0, 0, 1) for n in range(9)],
            Task("multilabel", ("a", "b", "c", "d"), scored=("a", "d")),
            "patients who show a is 4,",
        ),
        (
            [film(n, 0, float(n % 2)) for n in range(20)],
            Task("multiclass", ("a", "b", "c"), positives=("c",)),
            "patients who show a positive class is 0",
        ),
    ],
)  # fmt: skip
def test_too_few_patients_for_a_score_of_each_fold_are_refused_with_their_number(
    samples: list[Sample], task: Task, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        deal(samples, task, 5)


def test_a_class_that_is_not_scored_may_be_rare() -> None:
    task = Task("multilabel", ("a", "b"), scored=("a",))
    assert len(deal([film(n, 0, float(n % 2), float(n == 1)) for n in range(20)], task, 5)) == 20
    grouped = Task("multiclass", ("a", "b", "c"), positives=("b", "c"))
    assert len(deal([film(n, 0, float(2 * (n == 1) or n % 2)) for n in range(20)], grouped, 5)) == 20
