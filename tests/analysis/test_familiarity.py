"""How unlike points are: distances against scikit-learn and closed forms, and the rate of false alarms as stated."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from analysis.familiarity import false_alarms, fitted_alarm, fitted_gaussian, neighbour_distances


def test_distances_are_those_of_scikit_learns_neighbours_of_unit_vectors() -> None:
    generator = np.random.default_rng(0)
    points, known = generator.normal(size=(7, 5)), generator.normal(size=(30, 5))
    search = NearestNeighbors(n_neighbors=4).fit(normalize(known))
    wanted = search.kneighbors(normalize(points))[0][:, -1]
    assert neighbour_distances(points, known, 4) == pytest.approx(wanted, abs=1e-7)
    assert neighbour_distances(3 * points, known, 4) == pytest.approx(wanted, abs=1e-7)
    assert neighbour_distances(points, known[:2], 5) == pytest.approx(neighbour_distances(points, known[:2], 2))


@pytest.mark.parametrize(("count", "width"), [(12, 40), (200, 6)])
def test_the_covariance_is_shrunk_as_by_ledoit_and_wolf(count: int, width: int) -> None:
    generator = np.random.default_rng(1)
    known = generator.normal(size=(count, width)) @ generator.normal(size=(width, width)) + 3
    standard = (known - known.mean(axis=0)) / known.std(axis=0)
    wanted = LedoitWolf(assume_centered=True).fit(standard)
    points = generator.normal(size=(9, width))
    placed = (points - known.mean(axis=0)) / known.std(axis=0)
    squared = np.einsum("ij,jk,ik->i", placed, wanted.precision_, placed)
    assert fitted_gaussian(known).distances(points) ** 2 == pytest.approx(squared, rel=1e-6)


def test_a_coordinate_that_never_changes_does_no_harm() -> None:
    known = np.column_stack([np.random.default_rng(2).normal(size=50), np.full(50, 7.0)])
    assert np.isfinite(fitted_gaussian(known).distances(known)).all()


@pytest.mark.parametrize("share", [0.03, 0.2])
def test_false_alarms_are_as_many_as_stated(share: float) -> None:
    generator = np.random.default_rng(3)

    def drawn(count: int) -> dict[str, np.ndarray]:
        return {"one": generator.gamma(3, size=count), "other": 5 * generator.gamma(9, size=count)}

    alarms = [fitted_alarm(drawn(200), share).unlike(drawn(500)).mean() for _ in range(200)]
    assert np.mean(alarms) == pytest.approx(share, abs=0.005)
    assert np.mean([false_alarms(drawn(400), share) for _ in range(60)]) == pytest.approx(share, abs=0.01)


def test_far_points_are_told_whichever_space_they_are_far_in() -> None:
    generator = np.random.default_rng(4)
    held_out = {"one": generator.gamma(9, size=100), "other": generator.gamma(9, size=100)}
    alarm = fitted_alarm(held_out, 0.03)
    far = {"one": np.array([9.0, 90.0, 9.0]), "other": np.array([9.0, 9.0, 90.0])}
    assert alarm.unlike(far).tolist() == [False, True, True]


def test_few_held_out_points_give_the_largest_of_them_as_the_limit() -> None:
    held_out = {"one": np.array([1.0, 2.0, 3.0])}
    alarm = fitted_alarm(held_out, 0.03)
    assert alarm.unlike({"one": np.array([3.0, 3.01])}).tolist() == [False, True]


def test_there_is_no_rule_without_points() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        fitted_alarm({"one": np.array([])}, 0.03)
    with pytest.raises(ValueError, match="share"):
        fitted_alarm({"one": np.array([1.0])}, 1.0)
