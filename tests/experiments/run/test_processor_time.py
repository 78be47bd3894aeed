"""Hours of a processor until a score, of what runs record and of older records that say less."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.survival import Duration
from experiments.run import processor_time
from experiments.run.processor_time import hours_to, processor, times_epochs
from experiments.run.store import Record

SCORES = (0.5, 0.7, None, 0.9)


@pytest.fixture(autouse=True)
def scores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "record" not in request.fixturenames:
        monkeypatch.setattr(processor_time, "validation_scores", lambda record: SCORES)


def recorded(device: str = "NVIDIA H200", threads: int = 2, **data: Any) -> Any:
    environment = {"device": device, "cpu": "Intel Xeon"} | data.pop("environment", {})
    given = {"seconds": 4000.0, "spec": {"recipe": {"threads": threads}}, "environment": environment} | data
    return SimpleNamespace(data=given)


@pytest.mark.parametrize(
    ("threshold", "found"),
    [(0.5, Duration(0.25, True)), (0.6, Duration(0.5, True)), (0.8, Duration(1.0, True)), (0.95, Duration(1.0, False))],
)
def test_hours_are_those_until_the_epoch_that_reached_the_score_or_until_the_last_one(
    threshold: float, found: Duration
) -> None:
    assert hours_to(threshold, recorded(epoch_seconds=[900.0, 1800.0, 2700.0, 3600.0])) == found


def test_devices_count_each_and_threads_do_on_a_cpu_alone() -> None:
    times: dict[str, Any] = {"epoch_seconds": [900.0, 1800.0, 2700.0, 3600.0]}
    assert hours_to(0.9, recorded(environment={"devices": 4}, **times)).time == 4.0
    assert hours_to(0.9, recorded("cpu x86_64", **times)).time == 2.0
    assert hours_to(0.9, recorded("cpu x86_64", threads=1, environment={"devices": 2}, **times)).time == 2.0


def test_a_record_that_does_not_time_its_epochs_gives_each_an_equal_share_of_the_run() -> None:
    old = recorded()
    assert not times_epochs(old)
    assert hours_to(0.7, old) == Duration(2000 / 3600, True)
    assert hours_to(0.95, old) == Duration(4000 / 3600, False)


def test_a_processor_is_known_by_its_model() -> None:
    assert processor(recorded()) == "NVIDIA H200"
    assert processor(recorded("cpu x86_64")) == "cpu Intel Xeon"
    assert processor(recorded("cpu x86_64", environment={"cpu": ""})) == "cpu x86_64"


def test_a_run_records_when_its_epochs_ended(record: Record) -> None:
    seconds = record.data["epoch_seconds"]
    assert times_epochs(record)
    assert len(seconds) == record.data["epochs"]
    assert all(0 < earlier < later for earlier, later in pairwise(seconds))
    assert seconds[-1] < record.data["seconds"]
    assert hours_to(0.0, record).time == pytest.approx(seconds[0] * record.data["spec"]["recipe"]["threads"] / 3600)
