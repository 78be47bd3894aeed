"""Groups of patients: which are told of, and how far they are apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.groups import Gap, gap, large_enough


def test_ten_patients_are_enough_however_many_images_they_have() -> None:
    assert large_enough([f"p{number}" for number in range(10)], None)
    assert not large_enough([f"p{number % 9}" for number in range(90)], None)


@pytest.mark.parametrize(("ill", "enough"), [(4, False), (5, True), (15, True), (16, False)])
def test_five_patients_with_a_class_and_five_without_are_needed(ill: int, enough: bool) -> None:
    patients = [f"p{number // 2}" for number in range(40)]  # two images of each of twenty patients
    targets = np.repeat((np.arange(20) < ill).astype(float), 2)
    assert large_enough(patients, targets[:, None]) is enough
    assert large_enough(patients, np.column_stack([targets, np.arange(40) % 2])) is enough  # the other class would do


def test_images_without_a_label_show_no_class() -> None:
    targets = (np.arange(20) < 5).astype(float)[:, None]
    assert large_enough([str(number) for number in range(20)], targets)
    targets[0] = math.nan
    assert not large_enough([str(number) for number in range(20)], targets)


def test_the_interval_is_of_the_difference_of_the_two_groups_that_are_apart_furthest() -> None:
    generator = np.random.default_rng(1)
    drawn = {name: generator.normal(size=300) for name in "abc"}
    drawn["b"][:20] = math.nan
    found = gap({"a": 0.7, "b": 0.9, "c": 0.8}, drawn)
    assert found is not None
    assert (found.highest, found.lowest, found.difference) == ("b", "a", pytest.approx(0.2))
    assert found.interval == pytest.approx(tuple(np.quantile((drawn["b"] - drawn["a"])[20:], [0.025, 0.975])))


def test_one_group_has_no_gap_and_scores_without_a_resample_no_interval() -> None:
    assert gap({"a": 0.5}, {"a": np.ones(3)}) is None
    nothing = np.full(3, math.nan)
    assert gap({"a": 0.5, "b": 0.25}, {"a": nothing, "b": nothing}) == Gap("a", "b", 0.25, None)
