"""Statistics of pairs of networks: exact permutations of networks, and R squared resampled over networks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from analysis.pairs import explained, within_against_across


def pairs_of(names: list[str], value: dict[str, float]) -> dict[tuple[str, str], float]:
    """Two networks of one group are 0.9 alike, two of different ones 0.1, but for a number of each network."""
    return {
        (a, b): (0.9 if a[0] == b[0] else 0.1) + value.get(a, 0) + value.get(b, 0)
        for a, b in itertools.combinations(names, 2)
    }


def test_groups_that_differ_have_the_smallest_p_that_so_few_networks_allow() -> None:
    first, second = ["a1", "a2", "a3", "a4"], ["b1", "b2", "b3", "b4"]
    found = within_against_across(pairs_of([*first, *second], {}), first, second)
    assert found is not None
    assert found.difference == pytest.approx(0.8)
    assert found.relabellings == math.comb(8, 4)
    assert found.p_value == pytest.approx(2 / math.comb(8, 4))  # the groups as they are, and exchanged


def test_exchangeable_networks_are_found_to_differ_as_rarely_as_the_level_says() -> None:
    generator = np.random.default_rng(0)
    names = [f"n{number}" for number in range(8)]
    p_values = []
    for _ in range(200):
        values = {pair: float(generator.normal()) for pair in itertools.combinations(names, 2)}
        found = within_against_across(values, names[:4], names[4:])
        assert found is not None
        p_values.append(found.p_value)
    assert np.mean(np.array(p_values) <= 0.1) < 0.1 + 3 * math.sqrt(0.1 * 0.9 / 200)


def test_pairs_are_found_either_way_round_and_many_networks_are_sampled() -> None:
    first, second = [f"a{n}" for n in range(9)], [f"b{n}" for n in range(9)]
    values = {(b, a): value for (a, b), value in pairs_of([*first, *second], {}).items()}
    found = within_against_across(values, first, second)
    assert found is not None
    assert found.relabellings == 10_000
    assert 1 / 10_000 <= found.p_value < 0.001  # the groups as they are count too
    assert within_against_across({}, ["a"], ["b"]) is None
    with pytest.raises(KeyError):
        within_against_across({}, ["a1", "a2"], ["b1"])


def test_an_undefined_value_is_no_evidence() -> None:
    first, second = ["a1", "a2", "a3"], ["b1", "b2", "b3"]
    values = pairs_of([*first, *second], {}) | {("a1", "a2"): math.nan}
    assert within_against_across(values, first, second) is None


def test_r_squared_is_that_of_a_line_and_its_interval_holds_it() -> None:
    generator = np.random.default_rng(1)
    names = [f"n{number}" for number in range(8)]
    points = {}
    for pair in itertools.combinations(names, 2):
        x = float(generator.normal())
        points[pair] = (x, 2 * x + float(generator.normal()))
    found = explained(points)
    assert found is not None
    x, y = np.array(list(points.values())).T
    expected = stats.linregress(x, y)
    assert found.r_squared == pytest.approx(expected.rvalue**2)
    assert found.slope == pytest.approx(expected.slope)
    assert found.interval[0] < found.r_squared < found.interval[1]
    assert found.pairs == 28
    assert explained(points) == found


def test_a_perfect_line_is_explained_whole_and_a_constant_has_nothing_to_explain() -> None:
    names = ["a", "b", "c", "d"]
    line = {pair: (float(n), 3.0 * n + 1) for n, pair in enumerate(itertools.combinations(names, 2))}
    found = explained(line)
    assert found is not None
    assert found.r_squared == pytest.approx(1)
    assert found.interval == pytest.approx((1, 1))
    assert explained({pair: (x, 0.5) for pair, (x, _) in line.items()}) is None
    assert explained(dict(list(line.items())[:2])) is None
    three = explained({pair: line[pair] for pair in (("a", "b"), ("a", "c"), ("b", "c"))})
    assert three is not None
    assert three.r_squared == pytest.approx(1)


def test_the_interval_holds_95_percent_of_correlations_of_pairs_repeated_as_their_networks_were_drawn() -> None:
    generator = np.random.default_rng(3)
    names = [f"n{number}" for number in range(6)]
    points = {pair: tuple(generator.normal(size=2).tolist()) for pair in itertools.combinations(names, 2)}
    found = explained(points, seed=4)
    generator, values = np.random.default_rng(4), []
    for _ in range(2000):
        drawn = [names[number] for number in generator.integers(6, size=6)]
        rows = [point for (a, b), point in points.items() for _ in range(drawn.count(a) * drawn.count(b))]
        if len(set(rows)) > 2:
            values.append(np.corrcoef(np.array(rows).T)[0, 1] ** 2)
    assert found is not None
    assert found.interval == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_networks_are_resampled_so_a_single_odd_network_widens_the_interval() -> None:
    """The pairs of one network make the whole correlation; without that network there is none."""
    generator = np.random.default_rng(2)
    names = [f"n{number}" for number in range(7)]
    points = {}
    for a, b in itertools.combinations(names, 2):
        odd = 5.0 * (a == "n0")
        points[a, b] = (odd + float(generator.normal()), odd + float(generator.normal()))
    found = explained(points)
    assert found is not None
    assert found.r_squared > 0.7
    assert found.interval[0] < 0.1
