"""Scores of the record as numbers of a column, and names that there are not."""

from __future__ import annotations

import pytest

from experiments.assemble import numbered
from experiments.measure import measure_of
from experiments.places import Places
from experiments.store import Record
from specs.errors import UsageError


def test_a_column_shows_the_score_that_the_record_has(record: Record, where: Places) -> None:
    for number in ("auroc", "auroc:pneumonia"):
        name, measure, rest = measure_of(f"score:{number}")
        assert (name, rest) == ("score", number)
        shown = numbered(measure.compute(record, where), rest, name)
        assert shown == record.data["outcome"]["scores"][number]
        assert 0.5 < shown <= 1


def test_an_unknown_score_lists_the_near_matches(record: Record, where: Places) -> None:
    name, measure, number = measure_of("score:auroc:pneumona")
    message = r'unknown number of the measure "score" "auroc:pneumona"\. Did you mean "auroc:pneumonia"'
    with pytest.raises(UsageError, match=message):
        numbered(measure.compute(record, where), number, name)


@pytest.mark.parametrize(
    ("given", "near"),
    [("scores", "score"), ("similarty:conv1", "similarity"), ("neighbours:x", "neighbors"), ("distances", "distance")],
)
def test_an_unknown_measure_lists_the_near_matches(given: str, near: str) -> None:
    with pytest.raises(UsageError, match=rf'unknown measure "{given.partition(":")[0]}"\. Did you mean.* "{near}"'):
        measure_of(given)
