"""Worlds of finished runs: read as they are, drawn as they fell out, and chosen in by ways whose answer is known."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, special, stats

from benchmarks import real_decisions
from benchmarks.deciding.choosing import Always, Grid, Halving, Outcome, Race
from benchmarks.deciding.counting import Counter, costs, summary, together
from benchmarks.deciding.drawing import draw_reliability, write
from benchmarks.deciding.finished import READINGS, Drawn, Finished, Fitted, draw, pool, read, worlds
from benchmarks.deciding.reliability import STATED
from benchmarks.deciding.twins import alarms
from specs.errors import DataError

FITTED, _, FINISHED, ALL = READINGS

LEVELS = {"imagenet": 0.9, "natural": 0.8, "random": 0.7}
"""Test AUC of the made-up sources at the best rate."""


def lines() -> list[dict[str, str]]:
    """Of two targets, at four rates and two momenta, four settings each; the rate .01 and the momentum .9 are best."""
    generator = np.random.default_rng(0)
    found = []
    for target in ("one", "other"):
        for source, level in LEVELS.items():
            for rate in (1e-4, 1e-3, 1e-2, 1e-1):
                for momentum in (0.0, 0.9):
                    for weight_decay in range(4):
                        score = level - 0.1 * (rate != 1e-2) - 0.2 * (momentum == 0) + generator.normal(0, 0.002)
                        found.append(
                            {
                                "target": target, "source": source, "lr": f"{rate}", "batch_size": "32",
                                "weight_decay": f"{weight_decay}", "momentum": f"{momentum}", "epochs": "9",
                                "validation_auc": f"{score + 0.02:.5f}", "test_auc": f"{score:.5f}", "seconds": "60.0",
                            }
                        )  # fmt: skip
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a made-up file."""
    rows = lines()
    with gzip.open(tmp_path / "sources.csv.gz", "wt", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def drawn(validation: Sequence[Sequence[float]], test: Sequence[Sequence[float]], means: Sequence[float]) -> Drawn:
    """A comparison of arms a, b, ..., in that order, that were tuned with three rates."""
    names = tuple("abcdefgh"[: len(means)])
    scores = [{name: np.array(of) for name, of in zip(names, part, strict=True)} for part in (validation, test)]
    return Drawn(names, 3, scores[0], scores[1], dict(zip(names, means, strict=True)))


def test_runs_of_other_rates_and_another_momentum_do_not_count_but_in_the_stress(folder: Path) -> None:
    rows = read(folder)
    one = worlds(rows, FINISHED)["one"]
    assert list(one) == sorted(LEVELS)
    assert list(one["imagenet"]) == [1e-3, 1e-2, 1e-1]
    best, of_all = one["imagenet"][1e-2], worlds(rows, ALL)["one"]["imagenet"][1e-2]
    assert isinstance(best, Finished)
    assert isinstance(of_all, Finished)
    assert (best.scores.shape, of_all.scores.shape) == ((2, 4), (2, 8))
    assert best.mean == pytest.approx(0.9, abs=0.005)
    assert of_all.mean == pytest.approx(0.8, abs=0.005)
    assert "imagenet" not in worlds(rows, READINGS[1])["one"]


def test_a_line_without_a_score_does_not_count() -> None:
    rows = lines()
    blank = [row | {"test_auc": ""} if row["weight_decay"] != "0" else row for row in rows]
    best = worlds(blank, FINISHED)["one"]["imagenet"][1e-2]
    assert isinstance(best, Finished)
    assert best.scores.shape == (2, 1)


def test_a_folder_without_the_file_and_a_file_without_a_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected finished runs, found no such file"):
        read(tmp_path)
    with gzip.open(tmp_path / "sources.csv.gz", "wt", encoding="utf-8") as opened:
        opened.write("target,source,lr\none,imagenet,0.1\n")
    with pytest.raises(DataError, match="found none named momentum, test_auc, validation_auc"):
        read(tmp_path)


def test_fitted_runs_have_the_mean_spread_and_correlation_of_the_finished_ones() -> None:
    finished = np.array([[0.80, 0.84, 0.86, 0.90], [0.70, 0.76, 0.74, 0.82]])
    fitted = pool(finished, fitted=True)
    assert isinstance(fitted, Fitted)
    found = special.logit(fitted.draw(np.random.default_rng(0), 20000))
    expected = special.logit(finished)
    assert found.mean(axis=1) == pytest.approx(expected.mean(axis=1), abs=0.01)
    assert found.std(axis=1) == pytest.approx(expected.std(axis=1, ddof=1), rel=0.02)
    assert np.corrcoef(found)[0, 1] == pytest.approx(np.corrcoef(expected)[0, 1], abs=0.01)


def test_the_true_mean_is_the_integral_over_all_runs() -> None:
    normal = stats.norm(1.5, 0.9)
    expected, _ = integrate.quad(lambda x: special.expit(x) * normal.pdf(x), -10, 13)
    assert Fitted((0.0, 1.5), (1.0, 0.9), 0.3).mean == pytest.approx(expected, abs=1e-8)


def test_the_tuning_picks_the_rate_and_gives_the_order(folder: Path) -> None:
    one = worlds(read(folder), FITTED)["one"]
    found = draw(one, 5, [0])
    assert found.order == ("imagenet", "natural", "random")
    assert found.means == {arm: of[1e-2].mean for arm, of in one.items()}
    assert found.test["random"].shape == (5,)
    assert draw(one, 5, [0]).test["random"].tolist() == found.test["random"].tolist()


def test_what_ways_to_choose_cost_is_counted_in_runs_of_the_full_grid() -> None:
    """Four arms at three rates and ten seeds: 52 runs, of which 12 tune."""
    apart = np.array([[0.9], [0.8], [0.7], [0.6]]) + 0.002 * np.array([1, -1] * 20)
    one = drawn(apart.tolist(), apart.tolist(), [0.9, 0.8, 0.7, 0.6])
    assert Race().choose(one).cost == pytest.approx((12 + 4 * 2) / 52)  # settled at the first look
    assert Grid(10).choose(one).cost == 1.0
    assert Halving(0).choose(one).cost == pytest.approx(12 / 52)
    assert Halving(4).choose(one).cost == pytest.approx((12 + 4 * 2 + 2 * 4) / 52)
    assert Always("a").choose(one).cost == pytest.approx(3 / 52)
    for way in (Race(), Grid(10), Halving(4), Always("a")):
        found = way.choose(one)
        assert (found.false, found.settled, found.right, found.regret, found.kept) == (False, True, True, 0.0, 1.0)
    wrong = Always("c").choose(one)
    assert (wrong.false, wrong.settled, wrong.right, wrong.regret) == (True, True, False, pytest.approx(0.2))


def test_halving_believes_validation_while_the_grid_asks_the_test() -> None:
    """In validation the order is the other way round."""
    test = np.array([[0.9], [0.8], [0.7], [0.6]]) + 0.002 * np.array([1, -1] * 20)
    one = drawn(test[::-1].tolist(), test.tolist(), [0.9, 0.8, 0.7, 0.6])
    assert Halving(4).choose(one).regret == pytest.approx(0.3)
    assert Grid(5).choose(one).right


def test_summaries_are_means_and_all_costs() -> None:
    spent = (0.4, 0.5, 0.5, 0.9)
    outcomes = [Outcome(number == 0, True, number > 0, 0.02, 1.0, cost) for number, cost in enumerate(spent)]
    found = summary(outcomes)
    assert (found["false"], found["right"], found["comparisons"]) == (0.25, 0.75, 4)
    assert costs(found) == pytest.approx((0.575, 0.5, 0.78))
    both = together([found, summary(outcomes[1:2] * 4)])
    assert (both["false"], both["comparisons"]) == (0.125, 8)
    assert costs(both)[0] == pytest.approx((2.3 + 2.0) / 8)


def test_counts_go_on_from_the_file_and_those_of_other_data_do_not_count(folder: Path) -> None:
    file = folder / "counts.jsonl"
    ways = {"race": Race(), "grid": Grid(3)}
    first = Counter(folder, file).summaries(FITTED, ways, 5)
    size = file.stat().st_size
    assert Counter(folder, file).summaries(FITTED, ways, 5) == first
    assert file.stat().st_size == size
    with gzip.open(folder / "sources.csv.gz", "at", encoding="utf-8") as opened:
        opened.write("one,imagenet,0.01,32,9,0.9,9,0.91,0.90,60.0\n")
    Counter(folder, file).summaries(FITTED, ways, 5)
    assert file.stat().st_size > size


def test_gates_that_are_missed_are_named() -> None:
    good = summary([Outcome(False, True, True, 0.0, 1.0, 0.5)] * 100)
    assert real_decisions.gates({"one": good}, {"one": good}) == []
    bad = summary([Outcome(number < 6, number % 2 == 0, number > 0, 0.0, 0.9, 0.75) for number in range(100)])
    missed = " ".join(real_decisions.gates({"one": bad, "other": good}, {"one": good, "other": good}))
    for words in ("5% in each target", "median cost", "90th percentile", "at least 99% on average", "95% in each"):
        assert words in missed
    assert "settled" not in missed  # in 75 %
    assert "points less often" not in missed  # by half a point


def test_twins_at_one_rate_are_seldom_found_different(folder: Path) -> None:
    one = worlds(read(folder), FITTED)["one"]
    found = [alarms(one, [number]) for number in range(150)]
    for asked in ("3 runs", "10 runs", "race"):
        assert sum(of[asked] for of in found) <= stats.binom.isf(1e-3, 150, 0.05)


def test_everything_is_printed_and_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["real_decisions", str(folder), "--comparisons", "4", "--figures", str(folder / "figures")]
    monkeypatch.setattr("sys.argv", arguments)
    real_decisions.main()
    said = capsys.readouterr().out
    for reading in READINGS:
        assert reading.name in said
    assert "alarms between twins" in said
    assert "always ImageNet" in said
    assert {path.name for path in (folder / "figures").iterdir()} == {"decisions-cost.png", "decisions-reliability.png"}


def test_figures_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    held = {"real worlds": [0.9] * len(STATED)}
    first, second = (write(draw_reliability(held), name, tmp_path).read_bytes() for name in ("first", "second"))
    assert first == second
