"""The worlds of known learning curves: what is counted, and that the program says when too little is held."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks import labels
from benchmarks.labels import PLAIN, World


def test_promised_worlds_span_what_is_promised() -> None:
    assert {world.runs for world in labels.WORLDS} >= {3, 5, 10}
    assert {len(world.numbers) for world in labels.WORLDS} == {4, 5, 6}
    assert {world.noise for world in labels.WORLDS} >= {0.002, 0.01, 0.03}
    assert len({world.parameters for world in labels.WORLDS}) >= 4


def test_scores_have_the_spread_that_a_world_says() -> None:
    world = World("w", PLAIN, (50, 100, 200, 400), 20_000, 0.01, falling=0.5, shared=0.0, seeds=0.02)
    scores = np.array(world.draw(np.random.default_rng(0)))
    assert scores.mean(axis=1) == pytest.approx(world.truth(np.array(world.numbers, dtype=float)), abs=5e-4)
    expected = [math.hypot(0.02, 0.01 * (number / 400) ** -0.5) for number in world.numbers]
    assert scores.std(axis=1) == pytest.approx(expected, rel=0.02)
    assert np.cov(scores[0], scores[-1])[0, 1] == pytest.approx(0.02**2, rel=0.05)


def test_the_coverage_is_printed_with_its_interval(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "WORLDS", labels.WORLDS[:1])
    monkeypatch.setattr(labels, "BEYOND", labels.BEYOND[:1])
    assert labels.main(["--draws", "10"]) == 0
    told = capsys.readouterr().out
    assert "promised: how often intervals of 95 % hold the truth, of 10 draws" in told and "beyond" in told
    assert ": curve " in told and ", forecast " in told and "points wide" in told
    assert labels.main(["--draws", "5", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["promised"][0]["draws"] == 5 and 0 <= plain["promised"][0]["curve"] <= 15


def test_intervals_that_are_far_too_narrow_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.power_law import fit

    monkeypatch.setattr(labels, "fit", lambda numbers, scores: fit(numbers, scores, level=0.3))
    monkeypatch.setattr(labels, "WORLDS", labels.WORLDS[:1])
    monkeypatch.setattr(labels, "BEYOND", ())
    assert labels.main(["--draws", "15"]) == 1
