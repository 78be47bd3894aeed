"""How few test patients may a verdict about new patients rest on? The error of one comparison of two arms.

    python -m benchmarks.fewest [--draws N]

Two arms differ by exactly the margin, and it is counted how often tests at 5 % say that they differ by less, or by
more: for areas under the ROC curve from 75 to 98, and few patients of the rarer class among many. Runs vary little, so
that almost all uncertainty comes from the patients. Where patients are missed, 3 of 100 with the finding are of a kind
that one of the arms does not recognize at all, so that it is worse by more than the margin: a small test set often
holds none of them.
"""

from __future__ import annotations

import argparse

import numpy as np

from analysis.differences import contrasts, moments
from benchmarks.patients import PatientCell

MARGIN = 0.01
RUNS = 3
POSITIVES = (5, 8, 10, 15, 20, 30)
MISSED = 0.03


def errors(cell: PatientCell, draws: int, level: float = 0.05) -> tuple[float, float]:
    """The shares of drawings in which the better arm is said to be ahead by at most the margin, and by more.

    Args:
        cell: a kind of world with two arms.
        draws: the number of drawings.
        level: the level of each of the two tests, in (0, 1).
    """
    counts = np.zeros(2)
    for number in range(draws):
        means, scores, _, patients = cell.draw(np.random.default_rng([7, number]), RUNS)
        assert patients is not None
        better = int(means.argmax())
        apart = contrasts(moments(scores), patients(["0", "1"], RUNS))
        levels = np.full((2, 2), level)
        claims = apart.claims(MARGIN, levels, levels)
        counts += [claim[better, 1 - better] for claim in claims]
    return float(counts[0] / draws), float(counts[1] / draws)


def main() -> None:
    """Print both errors for each kind of test set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--draws",
        type=int,
        default=1000,
        metavar="N",
        help="the number of drawings of each kind (default: %(default)s)",
    )
    draws = parser.parse_args().draws
    columns = "".join(f"{f'{positives} rarer':>14}" for positives in POSITIVES)
    print(f"{'area':>5}{'patients':>9}{'missed':>7}  {columns}")
    for area in (0.75, 0.85, 0.95, 0.98):
        for patients in (60, 300, 2000):
            for missed in (0.0, MISSED) if (area, patients) == (0.98, 300) else (0.0,):
                print(f"{100 * area:5g}{patients:9}{missed:7.0%}  ", end="")
                means = (area, area - (missed * (area - 0.5) if missed else MARGIN))
                for positives in POSITIVES:
                    cell = PatientCell("", means, positives, patients - positives, 0.02, 0.6, 0.38, missed=missed)
                    fewer, more = errors(cell, draws)
                    print(f"{fewer:7.1%}{more:7.1%}", end="", flush=True)
                print()


if __name__ == "__main__":
    main()
